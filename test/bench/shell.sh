#!/bin/bash
# The yardstick: the same cycle (measure, compare, remember) as it is usually written for a host by hand.
# Config by jq, CPU by top, memory by free, workers by systemctl and pgrep, queues by redis-cli, sums by
# bc. It only looks: no threshold of the bench is ever passed. usage: shell.sh CONFIG STATE
set -u
config=$1 state=$2
[ -s "$state" ] || echo '{}' > "$state"

get() { jq -r --arg p "$1" ".projects[\$p].$2 // empty" "$config"; }

cpu=$(top -bn2 -d 0.2 | grep '^%Cpu' | tail -1 | sed 's/.*, *\([0-9.]*\) id.*/\1/')
cpu=$(echo "100 - $cpu" | bc)
memory=$(free -m | awk '/^Mem:/ { print $7 }')

for project in $(jq -r '.projects | keys[]' "$config"); do
  enabled=$(get "$project" enabled)
  [ "$enabled" != false ] || continue
  service=$(get "$project" service_name)
  service=${service:-$project.service}
  min=$(get "$project" min_workers)
  max=$(get "$project" max_workers)
  main=$(systemctl show -p MainPID --value "$service")
  active=$(systemctl show -p ActiveState --value "$service")
  workers=$(pgrep -c -P "$main")
  redis_url=$(get "$project" redis_url)
  if [ -n "$redis_url" ]; then
    value=$(redis-cli -u "$redis_url" LLEN celery)
    thresholds=queue_thresholds
  else
    value=$cpu
    thresholds=cpu_thresholds
  fi
  wanted=$workers
  while read -r key threshold; do
    target=${key##*_}
    case $key in
      scale_up_*) if [ "$target" -gt "$workers" ] && [ "$(echo "$value > $threshold" | bc)" = 1 ]; then wanted=$target; fi ;;
      scale_down_*) if [ "$target" -lt "$workers" ] && [ "$(echo "$value < $threshold" | bc)" = 1 ]; then wanted=$target; fi ;;
    esac
  done < <(jq -r --arg p "$project" --arg t "$thresholds" '.projects[$p][$t] | to_entries[] | "\(.key) \(.value)"' "$config")
  [ "$wanted" -ge "$min" ] || wanted=$min
  [ "$wanted" -le "$max" ] || wanted=$max
  since=$(jq -r --arg p "$project" '.[$p].since // 0' "$state")
  jq --arg p "$project" --arg w "$wanted" --arg s "$since" --arg n "$(date +%s)" \
    '.[$p] = { wanted: $w, since: (if $s == "0" then $n else $s end) }' "$state" > "$state.new" && mv "$state.new" "$state"
  echo "$project $active $workers $value $memory $wanted"
done
