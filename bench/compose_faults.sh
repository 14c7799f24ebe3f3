#!/bin/bash
# Kills every service of the demo in turn while work is under way, then counts what the press published against what is stored.
# usage: COMPOSE_PROFILES=demo bench/compose_faults.sh   (in the checkout, image built)
set -euo pipefail
export COMPOSE_PROFILES=demo
ask() { docker compose exec -T "$@"; }
docker compose down -v --remove-orphans >/dev/null 2>&1 || true
docker compose up -d --wait --wait-timeout 300 >/dev/null 2>&1
for SERVICE in worker-poll worker-read worker-deliver redis postgres beat; do
    ask worker-deliver veille feeds poll --all >/dev/null 2>&1 || true
    sleep 4
    docker compose kill -s KILL "$SERVICE" >/dev/null 2>&1
    sleep 3
    docker compose start "$SERVICE" >/dev/null 2>&1
    SECONDS=0
    until docker compose ps "$SERVICE" --format '{{.Health}}' | grep -q '^healthy' || [ $SECONDS -gt 120 ]; do sleep 1; done
    echo "$SERVICE killed, healthy again after $SECONDS s"
done
ask worker-deliver veille feeds poll --all >/dev/null
sleep "${SETTLE:-240}"   # longer than the lease of what was lost
ask worker-deliver veille digest send lea
ask press python -c 'import json,urllib.request as u; print(json.dumps([r for r in json.load(u.urlopen("http://127.0.0.1:9000/__press/truth"))]))' > "${OUT:-/tmp}/truth.json"
ask worker-deliver veille articles --limit 500 --format jsonl > "${OUT:-/tmp}/articles.jsonl"
ask worker-deliver veille deliveries list --limit 500 --format jsonl > "${OUT:-/tmp}/deliveries.jsonl"
ask mail sh -c 'grep -h -i "^message-id:" /mail/*.eml' | sort | uniq -c | sort -rn > "${OUT:-/tmp}/mails.txt"
ask worker-deliver python -c '
from monitor.settings import load_settings; import psycopg
c = psycopg.connect(load_settings().effective_database_url.replace("+psycopg",""))
print("outcomes", c.execute("select coalesce(outcome, $$pending$$), count(*) from entries group by 1 order by 1").fetchall())
print("alerts", c.execute("select count(*), count(distinct (dossier_id, story_id)) from alerts").fetchone())
print("deliveries", c.execute("select status, count(*) from deliveries group by 1").fetchall())'
