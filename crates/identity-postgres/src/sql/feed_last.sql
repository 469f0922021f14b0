-- The last position that was drawn, noted for the next statement of the transaction.
SELECT set_config('identity.last', p.last_value::text, true)::int8 AS last FROM {s}identity_positions p
