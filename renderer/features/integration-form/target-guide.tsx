import styles from './target-guide.module.css'

/** The specification's guide to choosing a target, in short. */
const rows = [
  ['Delivery', 'In batches, as objects with one event a line.', 'One request for each event, several at a time.'],
  [
    'Arrival',
    'When a batch has 50 MB, or 5 minutes after the previous one. The more events there are, the sooner they arrive.',
    'Most within a few seconds; the target is 15 minutes.',
  ],
  [
    'Good for',
    'Large amounts of events for a data warehouse.',
    'Lower volumes that are worked on as soon as possible.',
  ],
  [
    'Limits',
    'Nothing arrives at once: the latency is that of a batch.',
    'Your receiver has to grow with the volume. Requests in flight are limited, so its latency bounds the events per second before delays build up.',
  ],
] as const

export function TargetGuide() {
  return (
    <>
      <table className={styles.guide}>
        <thead>
          <tr>
            <th scope="col">
              <span className={styles.hidden}>Question</span>
            </th>
            <th scope="col">AWS S3 bucket</th>
            <th scope="col">Webhook</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([question, s3, webhook]) => (
            <tr key={question}>
              <th scope="row">{question}</th>
              <td>{s3}</td>
              <td>{webhook}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.advice}>Choose S3 where it is possible, and a webhook where every second counts.</p>
    </>
  )
}
