import { useNavigate } from '@tanstack/react-router'
import { FileDown } from 'lucide-react'
import { useEffect, useState } from 'react'
import { pathOf } from '../../bridge/client'
import { useStartImports } from '../imports/use-imports'
import styles from './drop-zone.module.css'

/** Takes files that are dropped anywhere on the window and imports them. */
export function DropZone() {
  const [over, setOver] = useState(false)
  const startImports = useStartImports()
  const navigate = useNavigate()

  useEffect(() => {
    // Enter and leave fire for every element on the way; the window is left when both have fired equally often.
    let depth = 0
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      depth++
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    const allow = (event: DragEvent) => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
    }
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      const paths = [...(event.dataTransfer?.files ?? [])].map(pathOf).filter((path) => path !== '')
      if (paths.length === 0) return
      void navigate({ to: '/imports' })
      startImports(paths)
    }
    window.addEventListener('dragenter', enter)
    window.addEventListener('dragleave', leave)
    window.addEventListener('dragover', allow)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragenter', enter)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('dragover', allow)
      window.removeEventListener('drop', drop)
    }
  }, [navigate, startImports])

  if (!over) return null
  return (
    <div className={styles.overlay}>
      <div className={styles.target}>
        <FileDown size={28} strokeWidth={1.5} aria-hidden="true" />
        <p className={styles.title}>Drop to import events</p>
        <p className={styles.hint}>NDJSON or .export files, one event per line</p>
      </div>
    </div>
  )
}
