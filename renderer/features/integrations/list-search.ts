import { z } from 'zod'

/** Which integrations the list shows. */
export const listView = z.enum(['all', 'active', 'paused'])
export type ListView = z.infer<typeof listView>

export const sortColumn = z.enum(['id', 'health', 'backlog', 'attempted', 'state'])
export type SortColumn = z.infer<typeof sortColumn>

export const listSearch = z.object({
  sort: sortColumn.optional().catch(undefined),
  desc: z.boolean().optional().catch(undefined),
  q: z
    .union([z.string(), z.number(), z.boolean()])
    .transform(String)
    .pipe(z.string().min(1).max(200))
    .optional()
    .catch(undefined),
})
export type ListSearch = z.infer<typeof listSearch>
