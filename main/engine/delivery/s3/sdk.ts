import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

/**
 * What the console uses of the AWS SDK, in a module of its own: it is loaded when the first S3 target works, so that a workspace
 * without one does not pay for it, and the bundler leaves out the other hundred commands.
 */
export const sdk = {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  Upload,
  UploadPartCommand,
}
