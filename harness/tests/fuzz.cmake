# SPDX-License-Identifier: GPL-2.0-or-later
# The parsers under libFuzzer; ci/fuzz builds and runs them. The instrumentation of what they link
# is in KACHECK_SANITIZE (preset fuzz).
foreach(part IN ITEMS sysctld segments recipe forms results)
  add_executable(fuzz_${part} fuzz_${part}.c)
  target_link_options(fuzz_${part} PRIVATE -fsanitize=fuzzer)
endforeach()
target_link_libraries(fuzz_sysctld PRIVATE ka_rollout)
target_link_libraries(fuzz_forms PRIVATE ka_rollout)
target_link_libraries(fuzz_recipe PRIVATE ka_program)
target_link_libraries(fuzz_segments PRIVATE ka_bench)
target_link_libraries(fuzz_results PRIVATE ka_command ka_cases)
