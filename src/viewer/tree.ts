// Used by the page and for text: spans in any order, with whatever parents they name -> a tree that has every one of them exactly once.

/** What a tree is made of. */
export interface Item {
  readonly id: string;
  /** Empty for a root. */
  readonly parent: string;
}

export interface TreeNode<T extends Item> {
  readonly item: T;
  parent: TreeNode<T> | undefined;
  readonly children: TreeNode<T>[];
  /** 0 for a root. */
  depth: number;
}

/**
 * Returns the roots, in the order of the items. A span whose parent is not there is a root; of spans that are each other's parents the
 * first one is. Nothing recurses: a chain may be as long as there are spans.
 */
export function toTree<T extends Item>(items: readonly T[]): readonly TreeNode<T>[] {
  const nodes = items.map((item): TreeNode<T> => ({ item, parent: undefined, children: [], depth: 0 }));
  const byId = new Map<string, TreeNode<T>>();
  for (const node of nodes) if (!byId.has(node.item.id)) byId.set(node.item.id, node);
  const roots: TreeNode<T>[] = [];
  for (const node of nodes) {
    const parent = byId.get(node.item.parent);
    if (parent === undefined || parent === node) roots.push(node);
    else {
      node.parent = parent;
      parent.children.push(node);
    }
  }
  const placed = new Set<TreeNode<T>>();
  const place = (root: TreeNode<T>): void => {
    for (const node of walkTree([root])) {
      node.depth = node.parent === undefined ? 0 : node.parent.depth + 1;
      placed.add(node);
    }
  };
  for (const root of roots) place(root);
  if (placed.size === nodes.length) return roots;
  // What is left goes round in circles.
  for (const node of nodes) {
    if (placed.has(node)) continue;
    node.parent?.children.splice(node.parent.children.indexOf(node), 1);
    node.parent = undefined;
    roots.push(node);
    place(node);
  }
  return roots;
}

/** Every node below the given ones and they themselves, parents before their children, children in order; not below those that `isClosed`. */
export function* walkTree<T extends Item>(
  roots: readonly TreeNode<T>[],
  isClosed: (node: TreeNode<T>) => boolean = () => false,
): Generator<TreeNode<T>> {
  const waiting = roots.toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    if (!isClosed(node))
      for (let at = node.children.length - 1; at >= 0; at--) waiting.push(node.children[at] as TreeNode<T>);
  }
}
