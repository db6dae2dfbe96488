-- A sub-client may be given a limit of its own on how much its keys send.

set local search_path = subgate;

-- Requests a second in each environment, all its keys together; null for what any sub-client's may.
alter table sub_client add column requests_per_second int
    constraint sub_client_requests_per_second_range check (requests_per_second between 1 and 1000000);

create or replace function audit_sub_client(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('legalName', s.legal_name, 'displayName', s.display_name, 'country', s.country,
        'externalId', s.external_id, 'website', s.website, 'metadata', s.metadata, 'status', s.status,
        'statusReason', s.status_reason, 'version', s.version) || case when s.requests_per_second is null then '{}'
            else jsonb_build_object('requestsPerSecond', s.requests_per_second) end
    from sub_client s where s.id = $2
$$;
