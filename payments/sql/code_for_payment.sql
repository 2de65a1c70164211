-- A code, whom it pays, and the wallet of the person who wants to pay: one plan, kept by the session.
CREATE OR REPLACE FUNCTION code_for_payment(of_token text, of_payer uuid) RETURNS TABLE (
    -- the code, in the order of its model
    id uuid, kind text, status text, account_id bigint, payable text, target uuid, place_id uuid, amount bigint,
    memo text, expires_at timestamptz,
    -- whom it pays
    payee_id bigint, payee_kind text, payee_owner uuid, payee_name text,
    -- who pays
    wallet_id bigint, wallet_name text,
    -- by the one clock that decides
    is_past boolean, read_at timestamptz,
    -- the cap that counts payments through such a code
    cap_rule text
) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY
    SELECT
        code.id, code.kind::text, code.status::text, code.account_id, code.payable::text, code.target, code.place_id,
        code.amount, code.memo::text, code.expires_at,
        payee.id, payee.kind::text, payee.owner_id, payee.name::text,
        wallet.id, wallet.name::text,
        coalesce(code.expires_at <= now(), false), now(),
        rule.name::text
    FROM payments_code AS code
    JOIN payments_account AS payee ON payee.id = code.account_id
    LEFT JOIN payments_account AS wallet ON wallet.owner_id = of_payer AND wallet.kind = 'wallet'
    LEFT JOIN payments_caprule AS rule
        ON rule.tier = CASE payee.kind WHEN 'wallet' THEN 'personal' ELSE 'merchant' END
        AND rule.code_kind = code.kind AND rule.risk_class = code.risk_class
    WHERE code.token = of_token;
END
$$;
