#include "CLinux.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void clinux_limit_heap(int block_bytes, int reserve_bytes, int arenas) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, block_bytes);
    mallopt(M_TRIM_THRESHOLD, reserve_bytes);
    mallopt(M_ARENA_MAX, arenas);
#else
    (void)block_bytes;
    (void)reserve_bytes;
    (void)arenas;
#endif
}

void clinux_trim_heap(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Whether the loader wrote into segments that are not writable. If it did, their pages differ from the file.
static int has_relocated_text(const struct dl_phdr_info *image, const ElfW(Phdr) *segment) {
    const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(image->dlpi_addr + segment->p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_TEXTREL) return 1;
        if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)) return 1;
    }
    return 0;
}

static int release_image(struct dl_phdr_info *image, size_t size, void *page_size) {
    (void)size;
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        if (segment->p_type == PT_DYNAMIC && has_relocated_text(image, segment)) return 0;
    }
    uintptr_t mask = ~(*(const uintptr_t *)page_size - 1);
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        // Pages that are writable, or were writable until the loader protected them, may differ from the file.
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
        uintptr_t start = (image->dlpi_addr + segment->p_vaddr) & mask;
        uintptr_t end = (image->dlpi_addr + segment->p_vaddr + segment->p_filesz) & mask;
        // The last page is left out: a writable segment may begin in it. Pages for which the call fails (locked
        // memory) stay.
        if (end > start) (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void clinux_release_program_pages(void) {
    uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(release_image, &page_size);
}
