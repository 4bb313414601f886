{{ config(materialized='table') }}
SELECT month, bool_and(is_complete) AS is_complete, count(*) AS jobs, count(*) FILTER (status = 'failed') AS failed
FROM {{ ref('jobs') }}
GROUP BY month
