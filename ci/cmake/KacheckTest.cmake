# SPDX-License-Identifier: GPL-2.0-or-later
# Tests for ctest. Exit status 77 means "skipped, the reason is in the output".

# kacheck_test(NAME source... [LIBS target...] [ARGS argument...] [TIMEOUT seconds]
#              [LABELS label...] [SERIAL])
# A cmocka program, which ends with 77 where every test was skipped (skipped.c). Labelled "unit"
# unless told otherwise. SERIAL: measures time, or keeps every core busy: nothing else may run beside
# it.
function(kacheck_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "ARGS;LIBS;LABELS")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS} ${PROJECT_SOURCE_DIR}/harness/tests/skipped.c)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} nn_unit)
  target_link_options(${name} PRIVATE LINKER:--wrap=_skip,--wrap=_cmocka_run_group_tests)
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  kacheck_test_properties(${name} "unit")
endfunction()

# kacheck_script(NAME script [argument...] [TIMEOUT seconds] [LABELS label...] [SERIAL]
#                [ENVIRONMENT NAME=value...])
# A script that finds the binary in $KACHECK. Labelled "script" unless told otherwise.
function(kacheck_script name script)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 2 arg "SERIAL" "TIMEOUT" "LABELS;ENVIRONMENT")
  if(NOT IS_ABSOLUTE "${script}")
    set(script ${CMAKE_CURRENT_SOURCE_DIR}/${script})
  endif()
  add_test(NAME ${name} COMMAND ${script} ${arg_UNPARSED_ARGUMENTS})
  set(environment KACHECK=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/kacheck ${arg_ENVIRONMENT})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}")
  kacheck_test_properties(${name} "script")
endfunction()

# What both kinds have in common; reads the caller's arg_ variables.
macro(kacheck_test_properties name default_label)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(CMAKE_CROSSCOMPILING_EMULATOR) # instruction by instruction
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS ${default_label})
  endif()
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(arg_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endmacro()
