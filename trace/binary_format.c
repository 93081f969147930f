/* binary_format.c - headers, checksums and numbers of binary traces. */
#include "trace/binary_format.h"

/* Four bits a step: headers are short, a table of 16 is enough. */
uint32_t crc32_of(const uint8_t *p, size_t n)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= *p++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

void block_header_put(uint8_t p[BLOCK_HEADER], const struct block_header *h)
{
	put_le(p, BLOCK_MAGIC, 4);
	put_le(p + 4, h->packed, 4);
	put_le(p + 8, h->raw, 4);
	put_le(p + 12, h->statements, 4);
	put_le(p + 16, h->events_before, 8);
	put_le(p + 24, h->line_before, 8);
	put_le(p + 32, h->accesses, 4);
	put_le(p + 36, crc32_of(p, 36), 4);
}

bool block_header_get(const uint8_t p[BLOCK_HEADER], struct block_header *h)
{
	h->packed = (uint32_t)get_le(p + 4, 4);
	h->raw = (uint32_t)get_le(p + 8, 4);
	h->statements = (uint32_t)get_le(p + 12, 4);
	h->events_before = get_le(p + 16, 8);
	h->line_before = get_le(p + 24, 8);
	h->accesses = (uint32_t)get_le(p + 32, 4);
	return get_le(p, 4) == BLOCK_MAGIC &&
	       get_le(p + 36, 4) == crc32_of(p, 36) &&
	       h->raw >= BLOCK_SECTIONS && h->raw <= BLOCK_MAX_RAW &&
	       h->packed <= BLOCK_MAX_RAW;
}

void bytes_grow(struct bytes *b, size_t more)
{
	size_t room = b->room ? 2 * b->room : 4096;

	while (room < b->n + more)
		room *= 2;
	b->p = host_realloc(b->host, b->p, b->room, room);
	b->room = room;
}

void bytes_free(struct bytes *b)
{
	host_free(b->host, b->p, b->room);
	b->p = NULL;
	b->n = b->room = 0;
}

uint64_t get_varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = get_byte(c);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}
