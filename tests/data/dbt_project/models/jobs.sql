{{ config(materialized='view') }}
SELECT _month AS month, _is_complete AS is_complete, status
FROM {{ source('pipefy', 'automation_jobs_history') }}
