import { FileInput } from 'lucide-react'
import { Button } from '../../ui/button'
import { useChooseImports } from './use-imports'

interface Props {
  readonly primary?: boolean
}

export function ImportButton({ primary = false }: Props) {
  const choose = useChooseImports()
  return (
    <Button
      variant={primary ? 'primary' : 'secondary'}
      icon={<FileInput size={15} aria-hidden="true" />}
      pending={choose.isPending}
      onClick={() => choose.mutate()}
    >
      Import events…
    </Button>
  )
}
