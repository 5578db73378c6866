import { config } from 'zod'

// zod tries `new Function` when the first object schema is used; the content security policy forbids and reports that. The
// shared schemas are made when their modules load, so this one is imported before them.
config({ jitless: true })
