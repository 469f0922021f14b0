WITH k AS (SELECT 1 AS n, $2::text AS id)
{users}
