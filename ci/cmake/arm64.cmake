# SPDX-License-Identifier: GPL-2.0-or-later
# For arm64 on another machine: Debian's cross compiler, its arm64 libraries (ci/packages, [arm64]),
# and QEMU's emulator of programs for the tests.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(KACHECK_CROSS_COMPILER aarch64-linux-gnu-gcc)
if(NOT KACHECK_CROSS_COMPILER)
  message(FATAL_ERROR "kacheck for arm64 needs a cross compiler.\n"
    "  On Debian:  apt-get install gcc-aarch64-linux-gnu")
endif()
set(CMAKE_C_COMPILER ${KACHECK_CROSS_COMPILER})

# Libraries of both architectures lie side by side; only the folders of the one are looked into.
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(KACHECK_PACKAGES_ARE_OF :arm64)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)

find_program(KACHECK_QEMU_USER NAMES qemu-aarch64 qemu-aarch64-static)
if(KACHECK_QEMU_USER)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${KACHECK_QEMU_USER})
endif()
