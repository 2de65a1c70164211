-- What no application code may do, whoever connects.

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER transfers_are_never_changed BEFORE UPDATE OR DELETE ON payments_transfer
FOR EACH ROW EXECUTE FUNCTION refuse_change('a correction is a new row');

CREATE TRIGGER transfers_are_never_truncated BEFORE TRUNCATE ON payments_transfer
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a correction is a new row');

CREATE TRIGGER a_lane_keeps_its_account_and_guard BEFORE UPDATE OF account_id, no, guarded ON payments_lane
FOR EACH ROW WHEN ((old.account_id, old.no, old.guarded) IS DISTINCT FROM (new.account_id, new.no, new.guarded))
EXECUTE FUNCTION refuse_change('only amount, version and open may change');

CREATE TRIGGER lanes_are_never_deleted BEFORE DELETE ON payments_lane
FOR EACH ROW EXECUTE FUNCTION refuse_change('a lane holds money or has held it');

CREATE TRIGGER lanes_are_never_truncated BEFORE TRUNCATE ON payments_lane
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a lane holds money or has held it');

CREATE TRIGGER answers_are_kept_for_life BEFORE UPDATE OR DELETE ON payments_idempotentanswer
FOR EACH ROW EXECUTE FUNCTION refuse_change('a key is answered once');

CREATE TRIGGER answers_are_never_truncated BEFORE TRUNCATE ON payments_idempotentanswer
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a key is answered once');

CREATE TRIGGER an_account_keeps_its_kind_and_owner BEFORE UPDATE OF id, kind, owner_id ON payments_account
FOR EACH ROW WHEN ((old.id, old.kind, old.owner_id) IS DISTINCT FROM (new.id, new.kind, new.owner_id))
EXECUTE FUNCTION refuse_change('only the name may change');

CREATE TRIGGER the_deployment_keeps_its_currency BEFORE UPDATE OR DELETE ON payments_deployment
FOR EACH ROW EXECUTE FUNCTION refuse_change('amounts are stored without a currency');

-- Lanes change in place with every payment; room in the page keeps those updates out of the index.
ALTER TABLE payments_lane SET (fillfactor = 50);
ALTER TABLE payments_capcounter SET (fillfactor = 70);
