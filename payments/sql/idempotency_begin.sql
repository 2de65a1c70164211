-- Start a call under a key. Three statements, so that the second sees what a call that just ended has stored.
-- state: 'busy' another call holds the key · 'known' it was answered, look at the rest · 'new' go ahead.
CREATE OR REPLACE FUNCTION idempotency_begin(
    of_caller uuid, of_key text,
    OUT state text, OUT known_hash bytea, OUT known_status smallint, OUT known_body text, OUT begun_at timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
    begun_at := now();
    -- 20201 keeps these locks apart from any other use of advisory locks.
    IF NOT pg_try_advisory_xact_lock(hashtextextended(of_caller::text || of_key, 20201)) THEN
        state := 'busy';
        RETURN;
    END IF;
    SELECT body_hash, status, body INTO known_hash, known_status, known_body
    FROM payments_idempotentanswer
    WHERE caller = of_caller AND key = of_key;
    state := CASE WHEN FOUND THEN 'known' ELSE 'new' END;
END
$$;
