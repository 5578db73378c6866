import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { demoFixture, demoFixturePath } from './demo-fixture.ts'

// Run with Node 24: node test/support/write-demo-fixture.ts
mkdirSync(dirname(demoFixturePath), { recursive: true })
writeFileSync(demoFixturePath, demoFixture())
