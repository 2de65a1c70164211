-- Move money: update each touched lane once, then write one immutable transfer per leg.
--
-- Leg i moves amounts[i] from debits[i] to credits[i]. Lanes are taken in the order of account and lane number. Account
-- ids are given out so that this is wallets, merchants, escrow, withdrawal_clearing, bank, fee_revenue
-- (payments.books.Account): no two postings can wait for each other.
-- Refuses with SM001 (too little money) or SM002 (frozen); the DETAIL of either is the account's id.
CREATE OR REPLACE FUNCTION ledger_post(
    transfer_ids uuid[],
    kinds text[],
    debits bigint[],
    credits bigint[],
    amounts bigint[],
    of_payment uuid,        -- null: no payment stands behind it
    must_be_open bigint[],  -- accounts that may not be frozen
    in_escrow_lane integer,  -- the lane a hold names; null when escrow is not touched
    of_withdrawal uuid DEFAULT NULL,  -- the other causes there are; at most one of the three
    of_top_up uuid DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_merchant CONSTANT bigint := 1000000000000;
    escrow CONSTANT bigint := 2000000000001;
    withdrawal_clearing CONSTANT bigint := 2000000000002;
    legs CONSTANT integer := cardinality(amounts);
    accounts bigint[] := '{}';  -- the touched ones, each once, in lock order
    account bigint;
    at integer;
    delta bigint;
    touches integer;
    lane_no integer;
    lane_version bigint;
    lane_amount bigint;
    -- What a wallet's statement shows of each leg; null for the sides that are no wallets.
    debit_versions bigint[] := array_fill(NULL::bigint, ARRAY[legs]);
    debit_balances bigint[] := debit_versions;
    credit_versions bigint[] := debit_versions;
    credit_balances bigint[] := debit_versions;
BEGIN
    -- 1. Sort the two or three accounts. (By hand: a query with ORDER BY costs more than all the updates.)
    FOREACH account IN ARRAY debits || credits LOOP
        IF account <> ALL (accounts) THEN
            at := 1;
            WHILE accounts[at] < account LOOP
                at := at + 1;
            END LOOP;
            accounts := accounts[:at - 1] || account || accounts[at:];
        END IF;
    END LOOP;

    -- 2. An account that must be open but whose lanes are not touched (the payee of a hold) is read plainly.
    FOREACH account IN ARRAY must_be_open LOOP
        IF account <> ALL (accounts) THEN
            PERFORM 1 FROM payments_lane WHERE account_id = account AND no = 0 AND open;
            IF NOT FOUND THEN
                PERFORM ledger_refuse(account, true);
            END IF;
        END IF;
    END LOOP;

    FOREACH account IN ARRAY accounts LOOP
        -- 3. Its net change over all legs.
        delta := 0;
        touches := 0;
        FOR leg IN 1 .. legs LOOP
            IF debits[leg] = account THEN
                delta := delta - amounts[leg];
                touches := touches + 1;
            ELSIF credits[leg] = account THEN
                delta := delta + amounts[leg];
                touches := touches + 1;
            END IF;
        END LOOP;

        -- 4. Which lane: a wallet has one; a hold names escrow's; else that of this connection, so that the many
        --    payers of one shop do not queue behind each other. A debit of a guarded account may need several.
        IF account < first_merchant THEN
            lane_no := 0;
        ELSIF account = escrow THEN
            lane_no := in_escrow_lane;
        ELSIF delta < 0 AND account <= withdrawal_clearing THEN
            PERFORM ledger_take(account, -delta, touches, account = ANY (must_be_open));
            CONTINUE;
        ELSE
            lane_no := ledger_lane(account);
        END IF;

        -- 5. The condition stands in the write: whoever waited for the row sees what is left, not what was.
        UPDATE payments_lane
        SET amount = amount + delta, version = version + touches
        WHERE account_id = account
            AND no = lane_no
            AND (open OR account <> ALL (must_be_open))
            AND (amount + delta >= 0 OR NOT guarded)
        RETURNING version, amount INTO lane_version, lane_amount;
        IF NOT FOUND THEN
            PERFORM ledger_refuse(account, account = ANY (must_be_open));
        END IF;

        -- 6. A wallet's statement needs its running number and balance on every leg, in the order of the legs.
        IF account < first_merchant THEN
            lane_version := lane_version - touches;
            lane_amount := lane_amount - delta;
            FOR leg IN 1 .. legs LOOP
                IF debits[leg] = account THEN
                    lane_version := lane_version + 1;
                    lane_amount := lane_amount - amounts[leg];
                    debit_versions[leg] := lane_version;
                    debit_balances[leg] := lane_amount;
                ELSIF credits[leg] = account THEN
                    lane_version := lane_version + 1;
                    lane_amount := lane_amount + amounts[leg];
                    credit_versions[leg] := lane_version;
                    credit_balances[leg] := lane_amount;
                END IF;
            END LOOP;
        END IF;
    END LOOP;

    -- 7. The record.
    FOR leg IN 1 .. legs LOOP
        INSERT INTO payments_transfer (
            id, kind, debit_id, credit_id, amount, payment_id, withdrawal_id, top_up_id,
            debit_version, debit_balance_after, credit_version, credit_balance_after
        ) VALUES (
            transfer_ids[leg], kinds[leg], debits[leg], credits[leg], amounts[leg], of_payment, of_withdrawal, of_top_up,
            debit_versions[leg], debit_balances[leg], credit_versions[leg], credit_balances[leg]
        );
    END LOOP;
END
$$;

-- The lane in which this connection credits an account of several lanes.
CREATE OR REPLACE FUNCTION ledger_lane(of_account bigint) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
    last_no integer;
BEGIN
    SELECT no INTO STRICT last_no FROM payments_lane WHERE account_id = of_account ORDER BY no DESC LIMIT 1;
    RETURN pg_backend_pid() % (last_no + 1);
END
$$;

-- Debit a guarded account of several lanes: from one free lane that holds enough, else from all of them in order.
CREATE OR REPLACE FUNCTION ledger_take(
    of_account bigint, wanted bigint, touches integer, must_be_open boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lane record;
    part bigint;
    missing bigint := wanted;
BEGIN
    SELECT no INTO lane
    FROM payments_lane
    WHERE account_id = of_account AND amount >= wanted AND (open OR NOT must_be_open)
    ORDER BY no
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE payments_lane
        SET amount = amount - wanted, version = version + touches
        WHERE account_id = of_account AND no = lane.no;
        RETURN;
    END IF;

    FOR lane IN
        SELECT no, amount, open FROM payments_lane WHERE account_id = of_account ORDER BY no FOR NO KEY UPDATE
    LOOP
        IF must_be_open AND NOT lane.open THEN
            PERFORM ledger_refuse(of_account, true);
        END IF;
        part := least(missing, lane.amount);
        CONTINUE WHEN part = 0;
        UPDATE payments_lane
        SET amount = amount - part, version = version + touches
        WHERE account_id = of_account AND no = lane.no;
        missing := missing - part;
    END LOOP;
    IF missing > 0 THEN
        PERFORM ledger_refuse(of_account, false);
    END IF;
END
$$;

-- Say why a lane could not be updated.
CREATE OR REPLACE FUNCTION ledger_refuse(of_account bigint, must_be_open boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM payments_lane WHERE account_id = of_account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account % has no lanes', of_account;
    END IF;
    IF must_be_open THEN
        PERFORM 1 FROM payments_lane WHERE account_id = of_account AND NOT open;
        IF FOUND THEN
            RAISE EXCEPTION 'account % is frozen', of_account USING ERRCODE = 'SM002', DETAIL = of_account;
        END IF;
    END IF;
    RAISE EXCEPTION 'account % has too little', of_account USING ERRCODE = 'SM001', DETAIL = of_account;
END
$$;
