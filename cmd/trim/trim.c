/*
 * A function for JavaScript that gives memory back which the process holds and does not use: what malloc keeps of freed
 * blocks, and the pages of the program's own file. Those are read-only and come back from the page cache when they are
 * touched; most of them only starting needs (snapshot, assets, parsers, certificates).
 * Built without headers or start files of a libc: node brings libc and Node-API into the process.
 */
#include <stddef.h>
#include <stdint.h>

typedef struct napi_env_t *napi_env;
typedef struct napi_value_t *napi_value;
typedef napi_value (*napi_callback)(napi_env, void *);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);

int malloc_trim(size_t);
int madvise(void *, size_t, int);

/* elf(5), 64 bits. */
struct segment {
  uint32_t type;
  uint32_t flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
/* dl_iterate_phdr(3); more fields follow. */
struct object {
  uint64_t addr;
  const char *name;
  const struct segment *segments;
  uint16_t count;
};
int dl_iterate_phdr(int (*)(struct object *, size_t, void *), void *);

enum { PT_LOAD = 1, PF_W = 2, MADV_DONTNEED = 4, PAGE = 4096 };

/* The first object is the program. What may be written is left alone, and pages that only partly belong to a segment. */
static int drop_program(struct object *program, size_t size, void *data) {
  for (uint16_t i = 0; i < program->count; i++) {
    const struct segment *each = &program->segments[i];
    if (each->type != PT_LOAD || (each->flags & PF_W) != 0) continue;
    uint64_t begin = program->addr + each->vaddr, end = begin + each->memsz;
    begin = (begin + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    end &= ~(uint64_t)(PAGE - 1);
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
  }
  return 1;
}

static napi_value trim(napi_env env, void *info) {
  malloc_trim(0);
  dl_iterate_phdr(drop_program, NULL);
  return NULL;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function = NULL;
  return napi_create_function(env, "trim", 4, trim, NULL, &function) == 0 ? function : exports;
}
