-- Views of the ads of each campaign in each ten seconds.
SELECT a.campaign_id, w.window_start, COUNT(*) AS seen_count, MAX(w.event_time) AS last_event
FROM TUMBLE(ad_events, DESCRIPTOR(event_time), INTERVAL 10 SECOND) w
JOIN ads FOR SYSTEM_TIME AS OF PROCTIME() AS a ON w.ad_id = a.ad_id
WHERE w.event_type = 'view'
GROUP BY a.campaign_id, w.window_start, w.window_end
EMIT APPEND;
