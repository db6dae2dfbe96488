-- name: get_branding
-- One row if there is such a sub-client: what was set, if anything, and what its logo is, if there is one.
select s.display_name, s.status::text, b.version, b.display_name, b.primary_color, b.primary_text_color,
    b.secondary_color, b.secondary_text_color, b.button_radius, b.corner_radius, b.overlay_opacity::text, b.theme,
    b.language, b.fiat_currency, b.allowed_origins, b.updated_at, l.digest, l.media_type, l.width, l.height,
    octet_length(l.bytes), l.updated_at
from sub_client s
left join branding b on b.sub_client_id = s.id
left join logo l on l.sub_client_id = s.id
where s.id = $1::uuid;

-- name: put_branding
-- Nothing is returned when the sub-client is gone or closed, or the version is not $14 (null for any, 0 for none yet).
insert into branding (sub_client_id, display_name, primary_color, primary_text_color, secondary_color,
    secondary_text_color, button_radius, corner_radius, overlay_opacity, theme, language, fiat_currency,
    allowed_origins, created_at, updated_at)
select s.id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::int, $8::int, $9::text::numeric, $10::text,
    $11::text, $12::text, $13::text[], $15::timestamptz, $15
from sub_client s
where s.id = $1::uuid and s.status::text not in ('closed', 'erased')
    and ($14::int is null
        or $14 = coalesce((select b.version from branding b where b.sub_client_id = $1::uuid), 0))
on conflict (sub_client_id) do update
set display_name = excluded.display_name, primary_color = excluded.primary_color,
    primary_text_color = excluded.primary_text_color, secondary_color = excluded.secondary_color,
    secondary_text_color = excluded.secondary_text_color, button_radius = excluded.button_radius,
    corner_radius = excluded.corner_radius, overlay_opacity = excluded.overlay_opacity, theme = excluded.theme,
    language = excluded.language, fiat_currency = excluded.fiat_currency, allowed_origins = excluded.allowed_origins,
    version = branding.version + 1, updated_at = excluded.updated_at
where $14::int is null or branding.version = $14
returning version;
