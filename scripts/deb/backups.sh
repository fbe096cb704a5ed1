# What a removal does with the copies of the units that autoscaler has changed: scripts/deb/build.sh puts this into the
# prerm and the postrm of the package, and scripts/uninstall.sh reads it. $root is the folder that all is below, empty
# for /.
backups=$root/var/backups/autoscaler
# which units are still changed, and which copy goes where: for people, and for a purge when the program is gone
list=$backups/still-changed

# Asks the program, while it is there, writes the list and says what stays. $changed: the services in a line; empty: none.
note_changed() {
	changed=
	rm -f "$list"
	whole=yes
	said=$(autoscaler rollback --changed < /dev/null) || whole=no
	rows=
	case $said in 'SERVICE '*) rows=$(printf '%s\n' "$said" | sed 1d) ;; esac
	if [ -n "$rows" ]; then
		changed=$(printf '%s\n' "$rows" | awk '!seen[$1]++ { printf "%s%s (%s to %s)", comma, $1, $2, $3; comma = ", " }')
		printf 'autoscaler: these units keep the number of workers that autoscaler wrote into them:\n'
		say_rows
		printf '  Back to what was before: "autoscaler rollback", before the removal.\n'
	fi
	if [ $whole = no ]; then
		has_copies || return 0
		printf 'autoscaler: what is changed could not be found out in full (see above): all copies of units stay in %s\n' "$backups"
	elif write_list; then
		[ -z "$rows" ] || printf '  By hand: %s says what goes where.\n' "$list"
	else
		rm -f "$list" "$list.new"
	fi
}

# Celery workers that still finish their tasks, for a change that has begun: systemd starts them afterwards, as no run will.
hand_over() { autoscaler hand-over < /dev/null || true; }

# The purge: keeps the copies of what is still changed, with the list, and removes all others. Where there is no list
# nobody knows, so all stay. It can be repeated, wherever it was interrupted: the list goes last.
purge_backups() {
	[ -d "$backups" ] || return 0
	if [ ! -f "$list" ] && has_copies; then
		printf 'autoscaler: which units are still changed is not known: all copies of them stay in %s\n' "$backups"
		return 0
	fi
	rows=
	[ ! -f "$list" ] || rows=$(sed '/^#/d' "$list" | while read -r service from to before file; do
		if is_changed "$before" "$file"; then printf '%s\n' "$service $from $to $before $file"; fi
	done)
	if [ -z "$rows" ]; then
		find "$backups" -mindepth 1 -maxdepth 1 ! -path "$list" -exec rm -rf {} +
		rm -rf "$backups"
		return 0
	fi
	for folder in "$backups"/changes/*; do
		if [ ! -e "$folder" ] || is_needed "${folder##*/}"; then continue; fi
		# a later installation takes no half of a change for a whole one
		mv "$folder" "$folder.new"
		rm -rf "$folder.new"
	done
	rm -f "$backups/journal.lock"
	# on a full disk the old one, which has these and more, stays
	write_list || rm -f "$list.new"
	printf 'autoscaler: these units keep the number of workers that autoscaler wrote into them:\n'
	say_rows
	printf '  What was before stays in %s: its file %s says what goes where.\n' "$backups" "${list##*/}"
}

has_copies() { [ -n "$(ls -A "$backups/changes" 2> /dev/null)" ]; }

say_rows() {
	printf '%s\n' "$rows" | while read -r service from to before file; do
		printf '  %s: %s workers, %s before; %s\n' "$service" "$to" "$from" "$file"
	done
}

# Whether a file is not yet as it was before; if that is unknown, it counts as changed.
is_changed() {
	case $2 in /*) ;; *) return 0 ;; esac
	if [ ! -e "$2" ] && [ ! -L "$2" ]; then return 1; fi
	if [ "$1" = - ]; then return 0; fi
	! cmp -s "$1" "$2"
}

# Whether a folder of the journal, NUMBER-SERVICE, is of a service in $rows; names of services are cut there.
is_needed() {
	printf '%s\n' "$rows" | NAME=${1#*-} awk 'substr($1, 1, 200) == ENVIRON["NAME"] { found = 1 } END { exit !found }'
}

write_list() {
	[ -d "$backups" ] || mkdir -m 0750 "$backups" || return
	(
		umask 077
		cat > "$list.new" << TXT
# The services that still have a number of workers that autoscaler wrote, and the files as they were before (BEFORE).
# Back to them, with the program installed again: sudo autoscaler rollback
# By hand, for each line, where "diff BEFORE FILE" shows nothing but that number:
#   cp BEFORE FILE (where BEFORE is "-" there was no file: rm FILE); systemctl daemon-reload; systemctl restart SERVICE
# SERVICE FROM TO BEFORE FILE
TXT
		[ -z "$rows" ] || printf '%s\n' "$rows" >> "$list.new"
	) && mv "$list.new" "$list"
}
