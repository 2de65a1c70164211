-- Checking a PIN, one guess of a payer at a time. docs/security.md says what this defends against.
--
-- pin_check is a statement of its own, outside any transaction: it commits before its answer is read, so no
-- answer leaves before its failure is counted. The lock is let go after that commit, and every statement of a
-- volatile function sees what the lock's last holder committed: of fifty guesses at once five are compared.

-- The lock that every comparison and every change of a payer's PIN holds; 20202 keeps it apart from others.
CREATE OR REPLACE FUNCTION pin_lock(payer uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(payer::text, 20202));
END
$$;

-- Count a wrong PIN. The fifth locks, after which five more are free; each lock is longer than the last, up to
-- a day, until a right PIN: somebody with a session gets some five guesses a day, not five a quarter of an hour.
-- Returns the seconds of the lock, null without one. Needs the lock.
CREATE OR REPLACE FUNCTION pin_count_failure(payer uuid) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    locked timestamptz;
BEGIN
    UPDATE people_pin
    SET failures = CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END,
        locks = locks + CASE WHEN locked_until IS NULL AND failures >= 4 THEN 1 ELSE 0 END,
        locked_until = CASE
            WHEN locked_until IS NULL AND failures >= 4 THEN clock_timestamp()
                + CASE locks WHEN 0 THEN interval '15 minutes' WHEN 1 THEN interval '1 hour'
                    ELSE interval '24 hours' END
        END
    WHERE user_id = payer
    RETURNING locked_until INTO locked;
    RETURN ceil(extract(epoch FROM locked - clock_timestamp()));
END
$$;

-- Compare with what this session remembers of the PIN: ok, wrong, locked, or unknown (it remembers nothing).
-- A right PIN after a right PIN writes nothing.
CREATE OR REPLACE FUNCTION pin_check(
    payer uuid, session_token_hash bytea, presented_mac bytea, OUT verdict text, OUT retry_after_s integer
) LANGUAGE plpgsql AS $$
DECLARE
    known record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(payer::text, 20202));
    SELECT pin.failures, pin.locked_until, session.pin_mac INTO known
    FROM people_pin pin
    LEFT JOIN people_session session
        ON session.token_hash = session_token_hash AND session.user_id = pin.user_id
    WHERE pin.user_id = payer;

    IF known.locked_until > clock_timestamp() THEN
        verdict := 'locked';
        retry_after_s := ceil(extract(epoch FROM known.locked_until - clock_timestamp()));
    ELSIF known.pin_mac IS NULL THEN
        verdict := 'unknown';
    ELSIF known.pin_mac = presented_mac THEN
        verdict := 'ok';
        IF known.failures > 0 THEN
            UPDATE people_pin SET failures = 0, locks = 0, locked_until = NULL WHERE user_id = payer;
        END IF;
    ELSE
        retry_after_s := pin_count_failure(payer);
        verdict := CASE WHEN retry_after_s IS NULL THEN 'wrong' ELSE 'locked' END;
    END IF;
END
$$;
