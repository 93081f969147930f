/*
 * figure_rbtree.c - mm_rb, the areas of a process as a red-black tree: rbtree.
 *
 *                 ┌──────────┐
 *                 │ 08056000 │  start
 *                 │ 0805b000 │  end           black: filled
 *                 └──────────┘  B             red: framed
 *             ┌────────┘└──────────┐
 *        ┌─────────┐          ┌─────────┐
 *
 * Placing: a subtree has a strip of its own, as wide as its children's strips
 * together (a child that is missing beside one that is there takes half a
 * node); a node stands between its children. So nothing overlaps, and what is
 * further right has the higher address. A tree that is too wide is cut where
 * the strips still fit: below, the subtree is counted.
 *
 * Widths are counted in half nodes.
 *
 * In a series each area has one x for all steps: half a node further right for
 * each area, by address, that ever comes. Two nodes of one level have at least
 * one area between them, so they do not touch.
 */
#include "formats/area.h"
#include "formats/figure.h"
#include "formats/record.h"

#include <inttypes.h>

#define NODE_GAP 10
#define NODE_LINES 3
#define NODE_SLOTS 21u /* places of areas in a series */

struct tree_view {
	const struct figure_options *o;
	struct svg *s;
	struct svg_box room;
	unsigned depth; /* levels that are drawn */
	bool places; /* a series */
	bool wide; /* nodes with the whole range and a name */
	int node_w, node_h, level_h, half;
	const struct vm_area_struct *found;
};

static const struct vm_area_struct *area_of(const struct rb_node *node)
{
	return rb_entry(node, struct vm_area_struct, vm_rb);
}

static uint64_t count_nodes(const struct rb_node *node)
{
	return node ? 1 + count_nodes(node->left) + count_nodes(node->right)
		    : 0;
}

/* Half nodes that the subtree takes if `depth` levels of it are drawn. */
static int strip(const struct rb_node *node, unsigned depth)
{
	int left, right;

	if (!node)
		return 0;
	if (depth == 1 || (!node->left && !node->right))
		return 2;
	left = strip(node->left, depth - 1);
	right = strip(node->right, depth - 1);
	return (left ? left : 1) + (right ? right : 1);
}

static unsigned levels(const struct rb_node *node)
{
	unsigned l, r;

	if (!node)
		return 0;
	l = levels(node->left);
	r = levels(node->right);
	return 1 + (l > r ? l : r);
}

/* ---- drawing ---- */

static int line_height(const struct tree_view *v)
{
	return svg_line_height(v->s, SVG_SMALL | SVG_MONO);
}

/* A line of a node; moves *text to the next. */
__attribute__((format(printf, 4, 5))) static void
node_line(const struct tree_view *v, struct svg_box *text, enum svg_fill fill,
	  const char *fmt, ...)
{
	char words[AREA_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	svg_cell(v->s, *text, fill,
		 SVG_SMALL | SVG_MONO | SVG_NO_EDGE | SVG_KEEP_END, "%s", words);
	text->y += text->h;
}

static void draw_node(const struct tree_view *v, const struct rb_node *node,
		      struct svg_box b)
{
	const struct vm_area_struct *vma = area_of(node);
	enum svg_fill fill = node->red ? SVG_RED : SVG_BLACK;
	struct svg_box text = {b.x + 3, b.y + 3, b.w - 6, line_height(v)};
	char range[AREA_TEXT];

	area_range(vma, range);
	svg_group(v->s, "%s %s", range, area_path(vma));
	svg_rect(v->s, b, fill,
		 SVG_THICK | (vma == v->found ? SVG_ACCENT : 0));
	if (v->wide) {
		node_line(v, &text, fill, "%s", range);
		node_line(v, &text, fill, "%s",
			  *area_path(vma) ? area_path(vma) : "-");
		node_line(v, &text, SVG_PAPER, "gap %" PRIx64,
			  vma->rb_subtree_gap);
	} else {
		node_line(v, &text, fill, "%08" PRIx64, vma->vm_start);
		node_line(v, &text, fill, "%08" PRIx64, vma->vm_end);
		node_line(v, &text, SVG_PAPER, "%" PRIx64,
			  vma->rb_subtree_gap);
	}
	svg_group_end(v->s);
}

/* What is below the lowest level that is drawn. */
static void draw_count_below(const struct tree_view *v,
			     const struct rb_node *node, struct svg_box b)
{
	uint64_t n = count_nodes(node) - 1;
	char number[SVG_NUMBER_LEN];
	int middle = b.x + b.w / 2;

	if (!n)
		return;
	svg_line(v->s, middle, b.y + b.h, middle, b.y + v->level_h, 0);
	b.y += v->level_h;
	b.h = line_height(v) + 6;
	/* without words: they would not fit below a small node */
	svg_cell(v->s, b, SVG_NOTHING, SVG_SMALL | SVG_DASHED, "\xe2\x80\xa6 %s",
		 svg_number(n, number));
}

/* Where the right child's strip begins if the node's own begins at x. */
static int right_strip(const struct tree_view *v, const struct rb_node *node,
		       int x, unsigned depth)
{
	int left = strip(node->left, depth - 1);

	return x + (left ? left : 1) * v->half;
}

/* The middle of the node's box, whose strip begins at x. */
static int node_x(const struct tree_view *v, const struct rb_node *node, int x,
		  unsigned depth)
{
	int begin, l, r;

	if (v->places)
		return v->room.x + (1 + (int)figure_place(
			v->o, NODE_SLOTS, area_of(node)->vm_start, 0)) *
			v->half;
	if (depth == 1 || (!node->left && !node->right))
		return x + v->half;
	begin = right_strip(v, node, x, depth);
	l = node->left ? node_x(v, node->left, x, depth - 1)
		       : x + v->half / 2;
	r = node->right ? node_x(v, node->right, begin, depth - 1)
			: begin + v->half / 2;
	return (l + r) / 2;
}

/* The subtree whose strip begins at x, `depth` levels of it; edges first, so
 * that boxes lie on them. Returns the middle of its root. */
static int draw_subtree(const struct tree_view *v, const struct rb_node *node,
			int x, int y, unsigned depth)
{
	int middle = node_x(v, node, x, depth), child;
	struct svg_box b = {middle - v->node_w / 2, y, v->node_w, v->node_h};

	if (depth > 1 && node->left) {
		child = draw_subtree(v, node->left, x, y + v->level_h,
				     depth - 1);
		svg_line(v->s, middle - v->node_w / 4, y + v->node_h, child,
			 y + v->level_h, 0);
	}
	if (depth > 1 && node->right) {
		child = draw_subtree(v, node->right,
				     right_strip(v, node, x, depth),
				     y + v->level_h, depth - 1);
		svg_line(v->s, middle + v->node_w / 4, y + v->node_h, child,
			 y + v->level_h, 0);
	}
	if (depth == 1)
		draw_count_below(v, node, b);
	draw_node(v, node, b);
	return middle;
}

/* ---- the figure ---- */

static bool fits(const struct tree_view *v, const struct rb_node *root,
		 unsigned depth, unsigned all)
{
	int rows = (int)(depth + (depth < all)); /* below: what is counted */

	return strip(root, depth) * v->half <= v->room.w &&
	       rows * (v->node_h + line_height(v)) <= v->room.h;
}

/* A tree of n nodes has at most 2 log2(n + 1) levels. */
static void choose_places(struct tree_view *v, const struct mm_struct *mm)
{
	const struct vm_area_struct *vma;
	size_t n, rows;

	for_each_vma (vma, mm)
		figure_place(v->o, NODE_SLOTS, vma->vm_start, 0);
	n = figure_places(v->o, NODE_SLOTS, 0);
	rows = 2 * fls64(n);
	v->s->no_places = v->o->slots;
	if (!v->o->slots || (int)(n + 1) * v->half > v->room.w)
		return;
	rows = max_t(size_t, rows, levels(mm->mm_rb.node));
	v->level_h = (v->room.h - v->node_h) / (int)rows;
	v->places = v->level_h >= v->node_h + line_height(v) / 2;
	v->s->no_places = !v->places;
	if (v->places)
		v->half = min_t(int, v->room.w / (int)(n + 1), v->node_w);
	v->level_h = min_t(int, v->level_h, 2 * v->node_h);
}

/* The whole tree of wide nodes, if it fits, else as many levels as do. */
static void choose_depth(struct tree_view *v, const struct rb_node *root)
{
	int digits = area_of(root)->vm_mm->m->fmt->va_bits > 32 ? 12 : 8;
	int digit = svg_text_width(v->s, "0", SVG_SMALL | SVG_MONO);
	unsigned all = levels(root), rows;

	v->node_h = NODE_LINES * line_height(v) + 6;
	v->depth = all;
	v->node_w = (2 * digits + 1) * digit + 16;
	v->half = (v->node_w + NODE_GAP) / 2;
	v->wide = !v->o->slots && fits(v, root, all, all);
	if (!v->wide) {
		v->node_w = digits * digit + 16;
		v->half = (v->node_w + NODE_GAP) / 2;
	}
	while (v->depth > 1 && !fits(v, root, v->depth, all))
		v->depth--;
	rows = v->depth + (v->depth < all);
	v->level_h = (v->room.h - v->node_h) / (int)(rows > 1 ? rows - 1 : 1);
	v->level_h = min_t(int, v->level_h, 2 * v->node_h);
}

static const struct vm_area_struct *area_at(const struct mm_struct *mm,
					    const struct figure_options *o)
{
	const struct vm_area_struct *vma;

	for_each_vma (vma, mm)
		if (o->has_address && vma->vm_start <= o->address &&
		    o->address < vma->vm_end)
			return vma;
	return NULL;
}

int figure_rbtree(const struct machine *m, const struct figure_options *o,
		  struct svg *s)
{
	const struct mm_struct *mm = o->task->mm;
	struct tree_view v = {.o = o, .s = s};
	const struct rb_node *root = mm ? mm->mm_rb.node : NULL;
	const struct figure_key key[] = {
		{SVG_BLACK, figure_text(o, FT_BLACK_NODE)},
		{SVG_RED, figure_text(o, FT_RED_NODE)},
	};
	char gap[SVG_NUMBER_LEN];

	if (!root)
		return figure_cannot(s, "process %u has no areas, so there is no tree",
				     o->task->pid);
	v.room = figure_begin(s, m, o, figure_text(o, FT_RBTREE));
	v.found = area_at(mm, o);
	figure_legend(s, &v.room, key, ARRAY_SIZE(key));
	figure_note(s, &v.room, figure_text(o, FT_RBTREE_NOTE),
		    svg_bytes(area_of(root)->rb_subtree_gap, gap));
	choose_depth(&v, root);
	choose_places(&v, mm);
	draw_subtree(&v, root,
		     v.room.x + (v.room.w - strip(root, v.depth) * v.half) / 2,
		     v.room.y, v.depth);
	figure_end(s);
	return 0;
}
