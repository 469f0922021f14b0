WITH k AS (SELECT 1 AS n, $2::text AS id)
SELECT *, (extract(epoch FROM statement_timestamp()) * 1000000)::int8 AS now FROM (
{users}
) AS users
