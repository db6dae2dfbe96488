-- How Mesh's Link looks to the users of a sub-client: branding, and a logo. One row of each per sub-client at most.

set local search_path = subgate;

-- A null column leaves what the upstream's own settings say. A sub-client without a row has set nothing.
create table branding (
    sub_client_id uuid primary key references sub_client (id),
    -- Null for the sub-client's own display name.
    display_name text,
    primary_color text,
    primary_text_color text,
    secondary_color text,
    secondary_text_color text,
    -- Pixels.
    button_radius int,
    corner_radius int,
    -- From 0, clear, to 1.
    overlay_opacity numeric(3, 2),
    theme text,
    language text,
    fiat_currency text,
    -- Web origins that may show Link, in canonical form. Those that start with http:// are for the sandbox alone.
    allowed_origins text[] not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint branding_display_name_length check (char_length(display_name) between 1 and 300),
    constraint branding_primary_color_form check (primary_color ~ '^#[0-9a-f]{6}$'),
    constraint branding_primary_text_color_form check (primary_text_color ~ '^#[0-9a-f]{6}$'),
    constraint branding_secondary_color_form check (secondary_color ~ '^#[0-9a-f]{6}$'),
    constraint branding_secondary_text_color_form check (secondary_text_color ~ '^#[0-9a-f]{6}$'),
    constraint branding_button_radius_range check (button_radius between 0 and 100),
    constraint branding_corner_radius_range check (corner_radius between 0 and 100),
    constraint branding_overlay_opacity_range check (overlay_opacity between 0 and 1),
    constraint branding_theme_known check (theme in ('dark', 'light', 'system')),
    constraint branding_language_length check (char_length(language) between 2 and 35),
    constraint branding_fiat_currency_form check (fiat_currency ~ '^[A-Z]{3}$'),
    constraint branding_allowed_origins_count check (cardinality(allowed_origins) <= 50)
);

-- A PNG or JPEG, as it was given and found whole.
create table logo (
    sub_client_id uuid primary key references sub_client (id),
    -- SHA-256 of the bytes: its public address, and what tells one version from another.
    digest bytea not null,
    media_type text not null,
    -- Pixels.
    width int not null,
    height int not null,
    bytes bytea not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint logo_digest_length check (octet_length(digest) = 32),
    constraint logo_media_type_known check (media_type in ('image/png', 'image/jpeg')),
    constraint logo_width_range check (width between 1 and 4096),
    constraint logo_height_range check (height between 1 and 4096),
    constraint logo_bytes_length check (octet_length(bytes) between 1 and 5242880)
);
-- Compressed already: stored as it is.
alter table logo alter column bytes set storage external;

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['branding', 'logo']
    loop
        execute format('alter table %I enable row level security', tenant_table);
        execute format('alter table %I force row level security', tenant_table);
        execute format(
            $policy$create policy app on %I for all to subgate_app using (
                sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
                or (select current_setting('subgate.platform', true)) = 'on')$policy$, tenant_table);
        execute format('create policy reader on %I for select to subgate_reader using (true)', tenant_table);
    end loop;
end $$;

grant select, insert, update, delete on branding, logo to subgate_app;
grant select on branding, logo to subgate_reader;

-- What the audit log keeps of them. Both are one per sub-client: the sub-client is their id.
create function audit_branding(sub_client uuid, id uuid) returns jsonb
    language sql stable
as $$
    select jsonb_build_object('displayName', b.display_name, 'primaryColor', b.primary_color,
        'primaryTextColor', b.primary_text_color, 'secondaryColor', b.secondary_color,
        'secondaryTextColor', b.secondary_text_color, 'buttonRadius', b.button_radius,
        'cornerRadius', b.corner_radius, 'overlayOpacity', b.overlay_opacity::text, 'theme', b.theme,
        'language', b.language, 'fiatCurrency', b.fiat_currency, 'allowedOrigins', to_jsonb(b.allowed_origins),
        'version', b.version)
    from branding b
    where b.sub_client_id = $1
$$;

create function audit_logo(sub_client uuid, id uuid) returns jsonb
    language sql stable
as $$
    select jsonb_build_object('digest', encode(l.digest, 'hex'), 'mediaType', l.media_type, 'width', l.width,
        'height', l.height, 'bytes', octet_length(l.bytes))
    from logo l
    where l.sub_client_id = $1
$$;
