# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian package by CPack: the program, its man page and completions, recipes of programs, and what
# builds guest kernels.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kacheck)
set(CPACK_PACKAGE_VENDOR kacheck)
set(CPACK_PACKAGE_CONTACT "kacheck maintainers <kacheck@users.noreply.github.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "integration tests for TCP keepalive on Linux")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"kacheck opens real TCP connections between network namespaces, breaks them in
a known way, watches what the kernel and the application see, and judges
that against the kernel's own rules, to the timer tick. It also answers
what a change of sysctls will do, and whether a program of yours notices a
dead peer.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Both are opened only where a guest kernel is booted.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libarchive13, libkmod2")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "qemu-system-x86, qemu-system-arm, wireshark")
if(CMAKE_CROSSCOMPILING)
  string(REPLACE ":" "" CPACK_DEBIAN_PACKAGE_ARCHITECTURE "${KACHECK_PACKAGES_ARE_OF}")
endif()
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/ci/package/conffiles;${CMAKE_SOURCE_DIR}/ci/package/postinst;${CMAKE_SOURCE_DIR}/ci/package/postrm)

# What Debian wants of every package.
set(doc ${CMAKE_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${doc})
configure_file(ci/package/changelog.in ${doc}/changelog @ONLY)
find_program(GZIP gzip)
if(GZIP)
  execute_process(COMMAND ${GZIP} -9n -c ${doc}/changelog OUTPUT_FILE ${doc}/changelog.gz)
  execute_process(COMMAND ${GZIP} -9n -c ${CMAKE_SOURCE_DIR}/harness/command/man/kacheck.1
    OUTPUT_FILE ${doc}/kacheck.1.gz)
endif()
if(GZIP)
  install(FILES ${doc}/kacheck.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
  install(FILES harness/command/man/kacheck.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(FILES ${doc}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT package
  EXCLUDE_FROM_ALL OPTIONAL)
install(FILES ci/package/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT package EXCLUDE_FROM_ALL)
install(FILES ci/package/apparmor RENAME kacheck DESTINATION /etc/apparmor.d COMPONENT package
  EXCLUDE_FROM_ALL)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${CMAKE_BINARY_DIR};kacheck;Unspecified;/" "${CMAKE_BINARY_DIR};kacheck;package;/")
set(CPACK_DEB_COMPONENT_INSTALL OFF)
include(CPack)
