// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The walk of one address through the tables that an address space points at: 64-bit LPAE descriptors,
 * 4 KiB granule, in device memory. Called by mmu.c: through the L2 when the TLB misses (if the walker's own
 * memory attributes, in TRANSCFG, are write-back, as the upstream driver sets them), and past it to see
 * what the tables really say.
 *
 * Input addresses have 55 - INA_BITS bits, 25 at least and as many as the product has at most; the walk
 * begins at the level that this asks for (0 for 40..48 bits). The upstream driver writes such tables
 * through the kernel's generic LPAE code, which is the public source of the bits below.
 *   [1:0] 3 = table (levels 0..2) or page (level 3); 1 = block (levels 1, 2); all else is invalid
 *   [4:2] which MEMATTR byte; its policy 3 is a memory attribute fault
 *   [6]   GPU may access at all; [7] read only; [10] access flag; [54] execute never
 *   [47:12] address; bits beyond the product's physical address bits are an address size fault
 * Bits that tables hand down (NSTable, APTable, XNTable) are ignored, as are shareability, nG, and PXN.
 */
#include "tools/model/mmu_priv.h"

#include "tools/model/l2.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/regs.h"

#define DESC_TYPE	UINT64_C(3)
#define DESC_TYPE_BLOCK 1u
#define DESC_TYPE_TABLE 3u /* page at the last level */
#define DESC_ATTR_INDX	UINT64_C(0x1c)
#define DESC_GPU	(UINT64_C(1) << 6)
#define DESC_RDONLY	(UINT64_C(1) << 7)
#define DESC_AF		(UINT64_C(1) << 10)
#define DESC_XN		(UINT64_C(1) << 54)
#define DESC_ADDR	UINT64_C(0x0000fffffffff000)

#define PAGE_SHIFT     12u
#define LEVEL_BITS     9u
#define LAST_LEVEL     3u
#define INPUT_BITS_MAX 55u
#define INPUT_BITS_MIN 25u

static unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + LEVEL_BITS * (LAST_LEVEL - level);
}

/* Return: false if the address has bits that the product does not have. */
static bool fits_bus(const struct mmx_model *m, uint64_t addr)
{
	uint32_t bits = MDL_GET(MMU_FEATURES_PA_BITS, mdl_product(m)->mmu_features);

	return !(addr >> bits);
}

static void walk_identity(struct mmx_model *m, uint64_t va, struct mdl_walk *w)
{
	if (!fits_bus(m, va)) {
		w->exception = EXC_ADDR_SIZE_OUT;
		return;
	}
	w->addr = va;
	w->attr = (struct mdl_page_attr){ .read = true, .write = true, .exec = true };
}

/* The descriptor of a block or page. */
static void take_leaf(struct mmx_model *m, const struct mdl_as_config *config, uint64_t desc,
		      uint64_t va, struct mdl_walk *w)
{
	uint64_t in_leaf = (UINT64_C(1) << level_shift(w->level)) - 1;
	unsigned int mair = (config->memattr >> (8 * MDL_GET(DESC_ATTR_INDX, desc))) & 0xff;

	if (!fits_bus(m, desc & DESC_ADDR)) {
		w->exception = EXC_ADDR_SIZE_OUT + w->level;
		return;
	}
	if (!(desc & DESC_AF)) {
		w->exception = EXC_ACCESS_FLAG + w->level;
		return;
	}
	if (MDL_GET(AS_MEMATTR_POLICY, mair) == AS_MEMATTR_POLICY_FAULT) {
		w->exception = EXC_MEM_ATTR + w->level;
		return;
	}
	w->addr = (desc & DESC_ADDR & ~in_leaf) | (va & in_leaf);
	w->attr.read = desc & DESC_GPU;
	w->attr.write = (desc & DESC_GPU) && !(desc & DESC_RDONLY);
	w->attr.exec = (desc & DESC_GPU) && !(desc & DESC_XN);
	w->attr.mair = mair;
}

static void walk_tables(struct mmx_model *m, const struct mdl_as_config *config,
			unsigned int input_bits, uint64_t va, bool through_l2, struct mdl_walk *w)
{
	uint64_t table = config->transtab & AS_TRANSTAB_ADDR;
	uint64_t index = va;

	w->level = LAST_LEVEL - (input_bits - PAGE_SHIFT - 1) / LEVEL_BITS;
	if (!fits_bus(m, table)) {
		w->exception = EXC_ADDR_SIZE_OUT + w->level;
		return;
	}
	for (;; w->level++) {
		uint64_t desc;
		uint64_t at;
		bool ok;

		index = (va >> level_shift(w->level)) & ((1u << LEVEL_BITS) - 1);
		at = table + index * sizeof(desc);
		ok = through_l2 ? mdl_l2_read_desc(m, at, &desc)
				: mdl_dma_read(m, at, &desc, sizeof(desc));
		if (!ok) {
			w->exception = EXC_GPU_BUS_FAULT;
			w->addr = at;
			return;
		}
		if ((desc & DESC_TYPE) == DESC_TYPE_TABLE && w->level < LAST_LEVEL) {
			table = desc & DESC_ADDR;
			if (!fits_bus(m, table)) {
				w->exception = EXC_ADDR_SIZE_OUT + w->level;
				return;
			}
			continue;
		}
		if ((desc & DESC_TYPE) == DESC_TYPE_TABLE ||
		    ((desc & DESC_TYPE) == DESC_TYPE_BLOCK && w->level > 0 &&
		     w->level < LAST_LEVEL))
			take_leaf(m, config, desc, va, w);
		else
			w->exception = EXC_TRANSLATION_FAULT + w->level;
		return;
	}
}

bool mdl_mmu_find_desc(struct mmx_model *m, unsigned int as, uint64_t va, unsigned int level,
		       uint64_t *ret_addr)
{
	const struct mdl_as_config *config = mdl_mmu_config(m, as);
	uint64_t table = config->transtab & AS_TRANSTAB_ADDR;
	unsigned int input_bits =
		INPUT_BITS_MAX - (unsigned int)MDL_GET(AS_TRANSCFG_INA_BITS, config->transcfg);
	uint64_t desc;

	if ((config->transcfg & AS_TRANSCFG_MODE) != AS_TRANSCFG_AARCH64_4K ||
	    input_bits < INPUT_BITS_MIN || input_bits >= 64 || va >> input_bits)
		return false;
	for (unsigned int l = LAST_LEVEL - (input_bits - PAGE_SHIFT - 1) / LEVEL_BITS; l <= level;
	     l++) {
		*ret_addr =
			table + ((va >> level_shift(l)) & ((1u << LEVEL_BITS) - 1)) * sizeof(desc);
		if (l == level)
			return true;
		if (!mdl_dma_read(m, *ret_addr, &desc, sizeof(desc)) ||
		    (desc & DESC_TYPE) != DESC_TYPE_TABLE)
			return false;
		table = desc & DESC_ADDR;
	}
	return false;
}

/**
 * mdl_mmu_walk() - translates one address
 * @m: the model
 * @config: the address space's effective registers
 * @va: any 64-bit value
 * @through_l2: as the hardware walks; else past the L2
 * @ret_walk: always written
 *
 * An unmapped address space, one that was never set up, and one in a mode that the product does not
 * have, ends every walk in a translation fault at level 0.
 */
void mdl_mmu_walk(struct mmx_model *m, const struct mdl_as_config *config, uint64_t va,
		  bool through_l2, struct mdl_walk *ret_walk)
{
	unsigned int va_bits = MDL_GET(MMU_FEATURES_VA_BITS, mdl_product(m)->mmu_features);
	unsigned int input_bits =
		INPUT_BITS_MAX - (unsigned int)MDL_GET(AS_TRANSCFG_INA_BITS, config->transcfg);

	if (MDL_GET(AS_TRANSCFG_PTW_MEMATTR, config->transcfg) != AS_TRANSCFG_PTW_WB)
		through_l2 = false;
	*ret_walk = (struct mdl_walk){ 0 };
	switch (config->transcfg & AS_TRANSCFG_MODE) {
	case AS_TRANSCFG_IDENTITY:
		walk_identity(m, va, ret_walk);
		break;
	case AS_TRANSCFG_AARCH64_4K:
		if (input_bits < INPUT_BITS_MIN || input_bits > va_bits || va >> input_bits)
			ret_walk->exception = EXC_ADDR_SIZE_IN;
		else
			walk_tables(m, config, input_bits, va, through_l2, ret_walk);
		break;
	default:
		ret_walk->exception = EXC_TRANSLATION_FAULT;
		break;
	}
}
