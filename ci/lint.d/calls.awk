# SPDX-License-Identifier: GPL-2.0-or-later
# Names that must not be used. Reads sources without their comments and strings; the rules are in
# the environment, one a line, three fields between tabs:
#   CALL_RULES   pattern of the name, pattern of the files that may ("-": none), reason

function load(text,    lines, i, field) {
	n = split(text, lines, "\n")
	for (i = 1; i <= n; i++) {
		split(lines[i], field, "\t")
		pattern[i] = "(^|[^A-Za-z0-9_.>])(" field[1] ")"
		if (field[1] !~ /\(\]$/)
			pattern[i] = pattern[i] "($|[^A-Za-z0-9_])"
		except[i] = field[2] == "-" ? "^$" : field[2]
		reason[i] = field[3]
		any = any (i > 1 && field[1] != "" ? "|" : "") field[1]
	}
}

# The line without comments and without what strings say.
function code(text) {
	gsub(/\\\\/, "", text)
	gsub(/\\"/, "", text)
	gsub(/"[^"]*"/, "\"\"", text)
	if (comment) {
		if (!sub(/^.*\*\//, "", text))
			return ""
		comment = 0
	}
	gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", text)
	if (sub(/\/\*.*/, "", text))
		comment = 1
	sub(/\/\/.*/, "", text)
	return text
}

# Most lines have none of the names at all: one look tells.
function judge(text,    i, name) {
	if (text !~ any)
		return
	for (i = 1; i <= n; i++) {
		if (text !~ pattern[i] || FILENAME ~ except[i])
			continue
		match(text, pattern[i])
		name = substr(text, RSTART, RLENGTH)
		gsub(/[^A-Za-z0-9_]/, "", name)
		printf "%s:%d: %s: %s\n", FILENAME, FNR, name, reason[i]
	}
}

BEGIN { load(ENVIRON["CALL_RULES"]) }
FNR == 1 { comment = 0 }
{ judge(code($0)) }
