/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads libraries by the sonames that the build found (harness/guest/CMakeLists.txt). */
#include "guest/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "model/nearest.h"
#include "model/util.h"

#define CALL_NAME(name) #name,

static int refuse(const char *package, struct nn_err *err)
{
	const char *why = dlerror();

	nn_refuse(err, "a guest kernel needs a library: %s; on Debian: apt-get install %s",
		  why ? why : "the loader gives no reason", package);
	return -ENOSYS;
}

int ka_library_load(const char *soname, const char *package, const char *const *names, size_t n,
		    void *calls, struct nn_err *err)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return refuse(package, err);
	for (size_t i = 0; i < n; i++) {
		void *call = dlsym(handle, names[i]);

		if (!call)
			return refuse(package, err);
		memcpy((char *)calls + i * sizeof(call), &call, sizeof(call));
	}
	return 0;
}

int ka_libarchive_load(struct ka_libarchive *library, struct nn_err *err)
{
	static const char *const names[] = { KA_LIBARCHIVE_CALLS(CALL_NAME) };

	_Static_assert(sizeof(names) == sizeof(*library), "a name for each function");
	return ka_library_load(KA_LIBARCHIVE_SONAME, KA_LIBARCHIVE_PACKAGE, names, KA_N(names),
			       library, err);
}

int ka_libkmod_load(struct ka_libkmod *library, struct nn_err *err)
{
	static const char *const names[] = { KA_LIBKMOD_CALLS(CALL_NAME) };

	_Static_assert(sizeof(names) == sizeof(*library), "a name for each function");
	return ka_library_load(KA_LIBKMOD_SONAME, KA_LIBKMOD_PACKAGE, names, KA_N(names), library,
			       err);
}
