import { expect, it } from 'vitest'
import { callbackUrl } from '../../shared/schemas/integration'

it.each([
  ' https://x.example/',
  'https://exa\nmple.com/',
  'https:example.com',
  'http:///foo',
  'https://x\\a',
  'https://x/a b',
])('refuses %j, which the URL parser would repair silently', (text) => {
  expect(callbackUrl.safeParse(text).success).toBe(false)
})

it.each(['https://x.example/hook?a=1', 'http://127.0.0.1:8080', 'http://[::1]:9/'])('accepts %j', (text) => {
  expect(callbackUrl.safeParse(text).success).toBe(true)
})
