-- Compliance: what a sub-client may do, one revision after another, and what its link tokens asked for each day.

set local search_path = subgate;

create type kyb_status as enum ('unverified', 'pending', 'approved', 'rejected', 'expired');

-- One state of a sub-client's compliance, never changed. In force at a moment is the one with the greatest effective_at
-- that is not after it, and of those the greatest number. A sub-client without any has number 0: no rules, unverified.
create table compliance_revision (
    sub_client_id uuid not null references sub_client (id),
    number int not null,
    -- The rules in JSON, in the one spelling that the API answers with too.
    rules text not null,
    kyb_status kyb_status not null,
    kyb_expires_at timestamptz,
    kyb_legal_entity text,
    kyb_registration_number text,
    kyb_address text,
    kyb_vasp_id text,
    kyb_platform_category text,
    kyb_mcc text,
    effective_at timestamptz not null,
    created_at timestamptz not null,
    created_by_member uuid,
    created_by_key uuid,
    primary key (sub_client_id, number),
    constraint compliance_revision_number_positive check (number > 0),
    constraint compliance_revision_rules_length check (octet_length(rules) between 2 and 1048576),
    constraint compliance_revision_effective_at_order check (effective_at >= created_at),
    constraint compliance_revision_kyb_legal_entity_length check (char_length(kyb_legal_entity) between 1 and 300),
    constraint compliance_revision_kyb_registration_number_length
        check (char_length(kyb_registration_number) between 1 and 100),
    constraint compliance_revision_kyb_address_length check (char_length(kyb_address) between 1 and 500),
    constraint compliance_revision_kyb_vasp_id_length check (char_length(kyb_vasp_id) between 1 and 100),
    constraint compliance_revision_kyb_platform_category_length
        check (char_length(kyb_platform_category) between 1 and 100),
    constraint compliance_revision_kyb_mcc_form check (kyb_mcc ~ '^[0-9]{4}$')
);
create index compliance_revision_effective_at on compliance_revision (sub_client_id, effective_at desc, number desc);

-- What a day's link tokens asked for in all, in UTC: counted while there is a daily maximum. What was minted without
-- one is not in it, so the first token of each further revision counts it anew from the link sessions.
create table compliance_day (
    sub_client_id uuid not null,
    environment environment not null,
    day date not null,
    amount numeric not null,
    -- The revision it was last counted anew for.
    revision int not null,
    primary key (sub_client_id, environment, day),
    constraint compliance_day_amount_positive check (amount >= 0)
) with (fillfactor = 50);

-- The revision that judged it; null for one from before there were any.
alter table link_session add column compliance_revision int;

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['compliance_revision', 'compliance_day']
    loop
        execute format('alter table %I enable row level security', tenant_table);
        execute format('alter table %I force row level security', tenant_table);
        execute format(
            $policy$create policy app on %I for all to subgate_app using (
                sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
                or (select current_setting('subgate.platform', true)) = 'on')$policy$, tenant_table);
        execute format('create policy reader on %I for select to subgate_reader using (true)', tenant_table);
        execute format('grant select, insert, update, delete on %I to subgate_app', tenant_table);
        execute format('grant select on %I to subgate_reader', tenant_table);
    end loop;
end $$;

-- Whether the business is approved at a moment, as production asks for.
create function kyb_is_approved(sub_client uuid, moment timestamptz) returns boolean
    language sql stable parallel safe
as $$
    select coalesce((
        select r.kyb_status = 'approved' and (r.kyb_expires_at is null or r.kyb_expires_at > moment)
        from subgate.compliance_revision r
        where r.sub_client_id = sub_client and r.effective_at <= moment
        order by r.effective_at desc, r.number desc
        limit 1), false)
$$;

-- What the link sessions made on a moment's day, in UTC, asked for in all. Sessions get their identifiers before the
-- upstream is asked, so one may have an identifier of the day before.
create function link_session_day_total(sub_client uuid, of_environment environment, moment timestamptz) returns numeric
    language sql stable parallel safe
as $$
    select coalesce(sum(s.amount_in_fiat), 0)
    from subgate.link_session s
    where s.sub_client_id = sub_client and s.environment = of_environment
        and s.id >= subgate.first_uuid(date_trunc('day', moment, 'UTC') - interval '1 hour')
        and s.created_at >= date_trunc('day', moment, 'UTC')
        and s.created_at < date_trunc('day', moment, 'UTC') + interval '1 day'
$$;

-- What an audit entry shows: the latest revision.
create function audit_compliance(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('revision', r.number, 'rules', r.rules::jsonb, 'effectiveAt', r.effective_at,
        'kyb', jsonb_build_object('status', r.kyb_status, 'expiresAt', r.kyb_expires_at,
            'legalEntity', r.kyb_legal_entity, 'registrationNumber', r.kyb_registration_number,
            'address', r.kyb_address, 'vaspId', r.kyb_vasp_id, 'platformCategory', r.kyb_platform_category,
            'mcc', r.kyb_mcc))
    from compliance_revision r where r.sub_client_id = $1
    order by r.number desc
    limit 1
$$;
