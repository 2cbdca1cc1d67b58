# SPDX-License-Identifier: GPL-2.0-or-later
# ci/bench programs: from the answers of `kacheck program --format json`, one object a line, each with the
# .wall_s and .cpu_s that it took, to the table of the documentation and the figures below it.

def seconds:
  if . < 10 then . * 100 | round / 100 elif . < 1000 then . * 10 | round / 10 else round end
  | tostring;

# When the program let go, in seconds since the last segment that it got; in brackets the kernel's end,
# where it is another.
def end_of:
  if . == null then "–"
  elif .verdict == "skip" or .verdict == "broken" then .verdict
  elif .program_s == null and .kernel_s == null then "never"
  elif .program_s == null then "never (kernel \(.kernel_s | seconds))"
  elif .kernel_s == null or (.kernel_s - .program_s | fabs) < 1 then .program_s | seconds
  else "\(.program_s | seconds) (kernel \(.kernel_s | seconds))" end;

def lives:
  if . != null and .verdict != "broken" and .verdict != "skip" and .program_s != null
  then "closes: \(.program_s | seconds)"
  else (.watched_s // 0 | seconds) as $watched | end_of | if . == "never" then "lives (\($watched))" else . end
  end;

def options:
  if . == null then "?"
  else (if .keepalive then "\(.idle)/\(.intvl)/\(.cnt)" else "off" end)
    + (if .user_timeout_ms > 0 then ", user timeout \(.user_timeout_ms / 1000)" else "" end) end;

def of($scenario): .experiments | map(select(.scenario == $scenario and .measured)) | first;

def row:
  [.program + (if .variant then ", " + .variant else "" end), (.connection | options),
   (of("silent") | end_of), (of("silent-busy") | end_of), (of("silent-full") | end_of),
   (of("fin") | end_of), (of("reboot") | end_of), (of("frozen") | end_of), (of("healthy") | lives)];

def median: sort | if length == 0 then null else .[length / 2 | floor] end;

def milliseconds: if . == null then "none" else . * 100 | round / 100 | "\(.) ms" end;

def count: group_by(.) | map("\(.[0] // "none"): \(length)") | join(", ");

# How long after the kernel's end the program let go, where it did not close first.
def notices: select(.program == "notices" and .kernel_s != null and .program_s != null)
  | (.program_s - .kernel_s) * 1000;

def experiments: [.[].programs[].experiments[] | select(.measured)];

if $what == "table" then .[] | .programs[] | "| " + (row | join(" | ")) + " |"
elif $what == "cost" then .[] | .programs as $p | ($p | map(.experiments | map(select(.measured)) | length) | add)
  as $n | "| \($p[0] | .program + (if ($p | length) == 1 and .variant then ", " + .variant else "" end)) | \($p | length) | \($n) | \(.wall_s) | \(.cpu_s) |"
else
  experiments as $all
  | "- verdicts: \([$all[].verdict] | count)",
    "- off_jiffies, the measured end less the predicted one: \([$all[].off_jiffies | values] | count)",
    ([$all[] | notices] | "- the program's notice after the kernel's end: median \(median | milliseconds), worst \(max | milliseconds), of \(length)")
end
