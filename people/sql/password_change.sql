-- A changed password ends every session that the old one opened, whoever changes it and by whatever means.
CREATE OR REPLACE FUNCTION people_end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM people_session WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER password_change_ends_sessions
AFTER UPDATE OF password ON people_user
FOR EACH ROW WHEN (OLD.password IS DISTINCT FROM NEW.password)
EXECUTE FUNCTION people_end_sessions();
