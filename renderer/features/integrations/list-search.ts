import { z } from 'zod'

/** Which integrations the list shows. */
export const listView = z.enum(['all', 'active', 'paused'])
export type ListView = z.infer<typeof listView>

export const sortColumn = z.enum(['id', 'backlog', 'delivered', 'attempted'])
export type SortColumn = z.infer<typeof sortColumn>

export const listSearch = z.object({
  sort: sortColumn.optional().catch(undefined),
  desc: z.boolean().optional().catch(undefined),
})
export type ListSearch = z.infer<typeof listSearch>
