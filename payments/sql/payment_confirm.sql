-- Confirm a payment: the key, everything the payment writes, and the stored answer, in one round trip and in the one
-- lock order (key, code, payment, hold, cap counter, lanes). Each statement sees what was committed before it.
--
-- Returns null when the money moved. {busy} and {known, hash, status, body} are what idempotency_begin says. The rest are
-- refusals, which undid all that was written here: {SM001, account} too little, {SM002, account} frozen, {SM003} cap
-- reached, {SM004} the code is not active any more. The caller stores a refusal; if it does so in another transaction,
-- that one looks the key up again.
CREATE OR REPLACE FUNCTION payment_confirm(
    in_id uuid,
    in_kind text,
    in_payer bigint,
    in_payee bigint,
    in_payee_name text,
    in_payee_verified boolean,
    in_place text,
    in_code uuid,
    in_single_use boolean,         -- the code dies with this payment
    in_option text,
    in_args jsonb,
    in_memo text,
    in_amount bigint,
    in_fee_bp integer,
    in_fee_minimum bigint,
    in_fee bigint,                 -- 0 while the money waits in escrow
    in_cap_rule text,              -- empty: no cap counts this payment
    in_cap_day date,
    in_confirmed_at timestamptz,   -- what the answer says
    in_hold uuid,                  -- null: settles at once
    in_hold_deadline timestamptz,
    in_transfers uuid[],           -- ids, one per leg
    in_caller uuid,
    in_key text,
    in_body_hash bytea,
    in_answer text,
    in_fact text,                  -- told to these subscribers
    in_handlers text[],
    in_queues text[]
) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    escrow CONSTANT bigint := 2000000000001;  -- payments.books.System
    fee_revenue CONSTANT bigint := 2000000000004;
    parties CONSTANT bigint[] := ARRAY[in_payer, in_payee];
    key record;
    lane_no integer;
    refused_account text;
BEGIN
    key := idempotency_begin(in_caller, in_key);
    IF key.state <> 'new' THEN
        RETURN ARRAY[key.state, encode(key.known_hash, 'hex'), key.known_status::text, key.known_body];
    END IF;

    BEGIN
        IF in_single_use THEN
            UPDATE payments_code SET status = 'used'
            WHERE id = in_code AND status = 'active' AND expires_at > now();
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the code is not active' USING ERRCODE = 'SM004';
            END IF;
        END IF;

        INSERT INTO payments_payment (
            id, kind, status, payer_id, payee_id, payee_name, payee_verified, place, code_id, option, args, memo,
            amount, captured_amount, fee_bp, fee_minimum, fee, cap_rule, cap_day, confirmed_at, resolved_at
        ) VALUES (
            in_id, in_kind, CASE WHEN in_hold IS NULL THEN 'settled' ELSE 'confirmed' END,
            in_payer, in_payee, in_payee_name, in_payee_verified, in_place, in_code, in_option, in_args, in_memo,
            in_amount, CASE WHEN in_hold IS NULL THEN in_amount ELSE 0 END,
            in_fee_bp, in_fee_minimum, in_fee, in_cap_rule, in_cap_day, in_confirmed_at,
            CASE WHEN in_hold IS NULL THEN in_confirmed_at END
        );

        IF in_hold IS NOT NULL THEN
            lane_no := ledger_lane(escrow);
            INSERT INTO payments_hold (id, payment_id, payer_id, payee_id, amount, escrow_lane, deadline)
            VALUES (in_hold, in_id, in_payer, in_payee, in_amount, lane_no, in_hold_deadline);
        END IF;

        IF in_cap_rule <> '' THEN
            IF NOT cap_take(in_payer, in_cap_rule, in_cap_day, in_amount) THEN
                -- Perhaps this is the day's first payment: make the counter, and count again.
                INSERT INTO payments_capcounter (payer_id, rule_id, day)
                VALUES (in_payer, in_cap_rule, in_cap_day)
                ON CONFLICT DO NOTHING;
                IF NOT cap_take(in_payer, in_cap_rule, in_cap_day, in_amount) THEN
                    RAISE EXCEPTION 'the cap is reached' USING ERRCODE = 'SM003';
                END IF;
            END IF;
        END IF;

        IF in_hold IS NOT NULL THEN
            PERFORM ledger_post(
                in_transfers, '{hold}', ARRAY[in_payer], ARRAY[escrow], ARRAY[in_amount], in_id, parties, lane_no
            );
        ELSIF in_fee = 0 THEN
            PERFORM ledger_post(
                in_transfers, '{payment}', ARRAY[in_payer], ARRAY[in_payee], ARRAY[in_amount], in_id, parties, NULL
            );
        ELSE
            PERFORM ledger_post(
                in_transfers, '{payment,fee}', ARRAY[in_payer, in_payee], ARRAY[in_payee, fee_revenue],
                ARRAY[in_amount, in_fee], in_id, parties, NULL
            );
        END IF;
    EXCEPTION
        WHEN SQLSTATE 'SM001' OR SQLSTATE 'SM002' OR SQLSTATE 'SM003' OR SQLSTATE 'SM004' THEN
            GET STACKED DIAGNOSTICS refused_account = PG_EXCEPTION_DETAIL;
            RETURN ARRAY[SQLSTATE, refused_account];
    END;

    FOR i IN 1 .. cardinality(in_handlers) LOOP
        INSERT INTO outbox_delivery (fact, handler, queue, payload)
        VALUES (in_fact, in_handlers[i], in_queues[i], jsonb_build_object('payment_id', in_id));
    END LOOP;

    INSERT INTO payments_idempotentanswer (caller, key, body_hash, status, body)
    VALUES (in_caller, in_key, in_body_hash, 201, in_answer);
    RETURN NULL;
END
$$;

-- Use some of a cap; false if that would be too much, or nothing is counted yet.
CREATE OR REPLACE FUNCTION cap_take(
    of_payer bigint, of_rule text, of_day date, more bigint
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payments_capcounter
    SET used = used + more
    WHERE payer_id = of_payer AND rule_id = of_rule AND day = of_day
        AND used + more <= (SELECT cap FROM payments_caprule WHERE name = of_rule);
    RETURN FOUND;
END
$$;
