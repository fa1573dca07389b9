// Used by the page and for text: spans in any order, with whatever parents they name -> a tree that has every one of them exactly once.

/** What a tree is made of. */
export interface Item {
  readonly id: string;
  /** Empty for a root. */
  readonly parent: string;
}

/** What makes nodes a tree. */
export interface Linked<Node> {
  parent: Node | undefined;
  readonly children: Node[];
  /** 0 for a root. */
  depth: number;
}

export interface TreeNode<T extends Item> extends Linked<TreeNode<T>> {
  readonly item: T;
}

/** Returns the roots of a tree that is made of the items, in their order. */
export function toTree<T extends Item>(items: readonly T[]): readonly TreeNode<T>[] {
  const nodes = items.map((item): TreeNode<T> => ({ item, parent: undefined, children: [], depth: 0 }));
  return linkTree(nodes, ({ item }) => item);
}

/**
 * Makes a tree of nodes that are not linked yet; returns its roots, in the order of the nodes. A span whose parent is not there is a root; of
 * spans that are each other's parents the first one is. Nothing recurses: a chain may be as long as there are spans.
 */
export function linkTree<Node extends Linked<Node>>(
  nodes: readonly Node[],
  toItem: (node: Node) => Item,
): readonly Node[] {
  const byId = new Map<string, Node>();
  for (const node of nodes) {
    const { id } = toItem(node);
    if (!byId.has(id)) byId.set(id, node);
    node.depth = UNPLACED;
  }
  const roots: Node[] = [];
  for (const node of nodes) {
    const parent = byId.get(toItem(node).parent);
    if (parent === undefined || parent === node) roots.push(node);
    else {
      node.parent = parent;
      parent.children.push(node);
    }
  }
  let placed = 0;
  const place = (root: Node): void => {
    for (const node of walkTree([root])) {
      node.depth = node.parent === undefined ? 0 : node.parent.depth + 1;
      placed++;
    }
  };
  for (const root of roots) place(root);
  if (placed === nodes.length) return roots;
  // What is left goes round in circles.
  for (const node of nodes) {
    if (node.depth !== UNPLACED) continue;
    node.parent?.children.splice(node.parent.children.indexOf(node), 1);
    node.parent = undefined;
    roots.push(node);
    place(node);
  }
  return roots;
}

const UNPLACED = -1;

/** Every node below the given ones and they themselves, parents before their children, children in order. */
export function* walkTree<Node extends Linked<Node>>(roots: readonly Node[]): Generator<Node> {
  const waiting = roots.toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (let at = node.children.length - 1; at >= 0; at--) waiting.push(node.children[at] as Node);
  }
}
