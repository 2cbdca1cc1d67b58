# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the parts of the pages as C arrays: cmake -DFROM=page -DTO=html_parts.c -P html_parts.cmake
set(text "/* Made by html_parts.cmake from page/. */\n#include \"report/html_parts.h\"\n\n")
foreach(part IN ITEMS head:head.html css:page.css dialog:dialog.html
    run_body:run.html compare_body:compare.html sheet_body:sheet.html
    parts:parts.js list:list.js sheet:sheet.js
    run:run.js compare:compare.js sysctl:sysctl.js program:program.js)
  string(REPLACE ":" ";" part "${part}")
  list(GET part 0 name)
  list(GET part 1 file)
  file(READ ${FROM}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND text "const char ka_html_${name}[] = { ${hex}0 };\n")
endforeach()
file(WRITE ${TO} "${text}")
