-- More of what no application code may do: what was told to a payer, a payee or the bank stays as it was.

CREATE TRIGGER refunds_are_never_changed BEFORE UPDATE OR DELETE ON payments_refund
FOR EACH ROW EXECUTE FUNCTION refuse_change('money given back is not taken again');

CREATE TRIGGER refunds_are_never_truncated BEFORE TRUNCATE ON payments_refund
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('money given back is not taken again');

CREATE TRIGGER a_withdrawal_keeps_its_terms
BEFORE UPDATE OF id, account_id, amount, fee, fee_bp, fee_minimum, holder, number, bank ON payments_withdrawal
FOR EACH ROW WHEN (
    (old.id, old.account_id, old.amount, old.fee, old.fee_bp, old.fee_minimum, old.holder, old.number, old.bank)
    IS DISTINCT FROM
    (new.id, new.account_id, new.amount, new.fee, new.fee_bp, new.fee_minimum, new.holder, new.number, new.bank)
)
EXECUTE FUNCTION refuse_change('its status alone may change');

CREATE TRIGGER withdrawals_are_never_deleted BEFORE DELETE ON payments_withdrawal
FOR EACH ROW EXECUTE FUNCTION refuse_change('the bank may have it');

CREATE TRIGGER withdrawals_are_never_truncated BEFORE TRUNCATE ON payments_withdrawal
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the bank may have it');

CREATE TRIGGER payout_files_are_never_changed BEFORE UPDATE OR DELETE ON payments_payoutfile
FOR EACH ROW EXECUTE FUNCTION refuse_change('the bank may have it');

CREATE TRIGGER payout_files_are_never_truncated BEFORE TRUNCATE ON payments_payoutfile
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the bank may have it');
