/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libraries that write an initramfs. They are loaded where that is done, not with the program:
 * what they bring along (libcrypto, libicu, libstdc++) dirties some 250 pages, and in a User-mode
 * Linux each fork copies each of them. The headers still say what every function takes.
 */
#ifndef KA_LIBRARY_H
#define KA_LIBRARY_H

#include <archive.h>
#include <archive_entry.h>
#include <libkmod.h>
#include <stddef.h>

#include "netns/err.h"

#define KA_LIBARCHIVE_CALLS(CALL)                                                                  \
	CALL(archive_entry_free)                                                                   \
	CALL(archive_entry_new)                                                                    \
	CALL(archive_entry_set_gid)                                                                \
	CALL(archive_entry_set_mode)                                                               \
	CALL(archive_entry_set_mtime)                                                              \
	CALL(archive_entry_set_pathname)                                                           \
	CALL(archive_entry_set_size)                                                               \
	CALL(archive_entry_set_symlink)                                                            \
	CALL(archive_entry_set_uid)                                                                \
	CALL(archive_errno)                                                                        \
	CALL(archive_error_string)                                                                 \
	CALL(archive_read_data)                                                                    \
	CALL(archive_read_free)                                                                    \
	CALL(archive_read_new)                                                                     \
	CALL(archive_read_next_header)                                                             \
	CALL(archive_read_open_filename)                                                           \
	CALL(archive_read_open_memory)                                                             \
	CALL(archive_read_support_filter_all)                                                      \
	CALL(archive_read_support_format_raw)                                                      \
	CALL(archive_write_close)                                                                  \
	CALL(archive_write_data)                                                                   \
	CALL(archive_write_free)                                                                   \
	CALL(archive_write_header)                                                                 \
	CALL(archive_write_new)                                                                    \
	CALL(archive_write_open_fd)                                                                \
	CALL(archive_write_set_bytes_per_block)                                                    \
	CALL(archive_write_set_format_cpio_newc)

#define KA_LIBKMOD_CALLS(CALL)                                                                     \
	CALL(kmod_list_next)                                                                       \
	CALL(kmod_module_get_info)                                                                 \
	CALL(kmod_module_info_free_list)                                                           \
	CALL(kmod_module_info_get_key)                                                             \
	CALL(kmod_module_info_get_value)                                                           \
	CALL(kmod_module_new_from_path)                                                            \
	CALL(kmod_module_unref)                                                                    \
	CALL(kmod_new)                                                                             \
	CALL(kmod_unref)

#define KA_CALL_MEMBER(name) __typeof__ (&(name))(name);

/* Its functions, by their own names. */
struct ka_libarchive {
	KA_LIBARCHIVE_CALLS(KA_CALL_MEMBER)
};

struct ka_libkmod {
	KA_LIBKMOD_CALLS(KA_CALL_MEMBER)
};

/* 0; -ENOSYS: it is not here, or too old, and @err names the Debian package that has it. What was
 * loaded stays loaded. */
int ka_libarchive_load(struct ka_libarchive *library, struct nn_err *err);
int ka_libkmod_load(struct ka_libkmod *library, struct nn_err *err);

/* The same for any library: @calls gets the addresses of the @n functions that @names has. */
int ka_library_load(const char *soname, const char *package, const char *const *names, size_t n,
		    void *calls, struct nn_err *err);

#endif
