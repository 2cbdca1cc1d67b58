# SPDX-License-Identifier: GPL-2.0-or-later
# The language, the warnings, the hardening and the sanitizers of everything that is compiled.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(CheckPIESupported)

option(KACHECK_WERROR "Turn compiler warnings into errors" OFF)
option(KACHECK_FUZZ "Build the fuzz targets (clang; see ci/fuzz)" OFF)
set(KACHECK_SANITIZE "" CACHE STRING "Sanitizers, separated by ';', e.g. address;undefined")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT CMAKE_BUILD_TYPE AND NOT multi_config)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo, MinSizeRel" FORCE)
endif()

# Defined empty, as `#define _GNU_SOURCE` does: a source that still says so is not a redefinition.
add_compile_definitions(_GNU_SOURCE=)

set(CMAKE_REQUIRED_QUIET ON) # thirty checks of flags are no news

# Adds each flag that this compiler knows.
function(kacheck_add_flags)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "KACHECK_HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
      add_compile_options(${flag})
    endif()
  endforeach()
endfunction()

# The same for the linker: "-z,now" is handed over as -Wl,-z,now.
function(kacheck_add_link_flags)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "KACHECK_HAVE_LINK${flag}" have)
    check_linker_flag(C "LINKER:${flag}" ${have})
    if(${have})
      add_link_options("LINKER:${flag}")
    endif()
  endforeach()
endfunction()

kacheck_add_flags(
  -Wall -Wextra
  -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls
  -Wpointer-arith -Wwrite-strings -Wvla -Walloca -Wundef -Wdate-time
  -Wformat=2 -Wformat-overflow=2 -Wimplicit-fallthrough
  -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wstringop-overflow=4
  -Wmissing-declarations -Wnested-externs -Wbad-function-cast)
if(KACHECK_WERROR)
  add_compile_options(-Werror)
endif()

# Messages and debug information name files from the top of the tree, wherever it was built.
kacheck_add_flags(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)

# Hardening.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported(LANGUAGES C)
kacheck_add_flags(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
kacheck_add_link_flags(-z,relro -z,now -z,noexecstack --as-needed)

if(KACHECK_SANITIZE)
  list(JOIN KACHECK_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
else()
  # Fortified functions need optimisation, and would hide from the sanitizers what they look for.
  add_compile_options("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()
