import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeMatches, readJsonTree, unfolded } from '../../renderer/ui/json-tree'

const TEXT =
  '{"name":"order.created","payload":{"id":"x","items":[{"price":1.00},{"price":2e3}],"odd key":null,"empty":{}}}'

describe('a JSON text as a tree', () => {
  const nodes = readJsonTree(TEXT)!
  const at = (path: string) => nodes.find((node) => node.path === path)!

  it('names every value by its path', () => {
    expect(nodes.map((node) => node.path)).toEqual([
      '$',
      '$.name',
      '$.payload',
      '$.payload.id',
      '$.payload.items',
      '$.payload.items[0]',
      '$.payload.items[0].price',
      '$.payload.items[1]',
      '$.payload.items[1].price',
      '$.payload["odd key"]',
      '$.payload.empty',
    ])
  })

  it('keeps the characters of numbers, and knows where each value lies', () => {
    expect(at('$.payload.items[0].price').text).toBe('1.00')
    expect(at('$.payload.items[1].price').text).toBe('2e3')
    const { from, to, children } = at('$.payload.items')
    expect(TEXT.slice(from, to)).toBe('[{"price":1.00},{"price":2e3}]')
    expect(children).toBe(2)
    expect(at('$.payload.empty')).toMatchObject({ kind: 'object', children: 0, depth: 2 })
  })

  it('hides what is in a folded node, however deep', () => {
    const shown = unfolded(nodes, new Set([at('$.payload').index]))
    expect(shown.map((node) => node.path)).toEqual(['$', '$.name', '$.payload'])
  })

  it('finds keys and values alike, but not places in arrays', () => {
    const found = (text: string) => nodes.filter((node) => nodeMatches(node, text)).map((node) => node.path)
    expect(found('PRICE')).toEqual(['$.payload.items[0].price', '$.payload.items[1].price'])
    expect(found('order.c')).toEqual(['$.name'])
    expect(found('0')).toEqual(['$.payload.items[0].price'])
  })

  it('is none for a text that is not JSON', () => {
    for (const text of ['', '{', 'plain', '{"a":1}}']) expect(readJsonTree(text)).toBeNull()
  })

  it('gives back every value of any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const tree = readJsonTree(text)!
        expect(text.slice(tree[0]!.from, tree[0]!.to)).toBe(text.trim())
        for (const { from, to } of tree) expect(() => JSON.parse(text.slice(from, to))).not.toThrow()
      }),
    )
  })
})
