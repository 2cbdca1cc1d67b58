# SPDX-License-Identifier: GPL-2.0-or-later
# Which way #include goes. Reads sources; the rules are in the environment.
#   INCLUDE_RULES   zone, then what it may include besides itself
#   LIBRARY_RULES   system header, then the zones that may use it
# A zone is the longest of the rules' paths that a file's name begins with.

function load(text, into,    n, lines, i, key) {
	n = split(text, lines, "\n")
	for (i = 1; i <= n; i++) {
		key = lines[i]
		sub(/ .*/, "", key)
		sub(/^[^ ]* ?/, "", lines[i])
		into[key] = lines[i]
	}
}

# "harness/run/schedule" begins "harness/run/schedule.c" and "harness/run/schedule_x.c".
function begins(path, prefix) {
	return index(path, prefix) == 1 && \
		(prefix ~ /\.h$/ || substr(path, length(prefix) + 1) ~ /^($|[\/._])/)
}

function zone_of(path,    z, best) {
	best = ""
	for (z in zones)
		if (begins(path, z) && length(z) > length(best))
			best = z
	return best
}

function exists(path,    line, there) {
	there = (getline line < path) >= 0
	close(path)
	return there
}

function plain(path) {
	while (sub(/[^\/]+\/\.\.\//, "", path))
		;
	gsub(/\/\.\//, "/", path)
	return path
}

# As the compiler looks: beside the file, then in the folders of -I.
function resolve(name,    dir) {
	dir = FILENAME
	sub(/\/[^\/]*$/, "/", dir)
	if (exists(dir name))
		return plain(dir name)
	if (exists("harness/" name))
		return plain("harness/" name)
	return plain(name)
}

function listed(path, list,    n, words, i) {
	n = split(list, words, " ")
	for (i = 1; i <= n; i++)
		if (begins(path, words[i]))
			return 1
	return 0
}

function judge_own(target,    from) {
	from = zone_of(FILENAME)
	if (!begins(target, from) && !listed(target, zones[from]))
		printf "%s:%d: %s may not include %s\n", FILENAME, FNR, from ? from : "this file", target
}

function judge_library(header,    l) {
	if (FILENAME ~ /\/tests\//)
		return
	for (l in libraries)
		if (begins(header, l) && !listed(FILENAME, libraries[l]))
			printf "%s:%d: <%s> belongs in %s only\n", FILENAME, FNR, header, libraries[l]
}

BEGIN {
	load(ENVIRON["INCLUDE_RULES"], zones)
	load(ENVIRON["LIBRARY_RULES"], libraries)
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	name = $0
	sub(/^[^"<]*["<]/, "", name)
	sub(/[">].*/, "", name)
	if ($0 ~ /</)
		judge_library(name)
	else
		judge_own(resolve(name))
}
