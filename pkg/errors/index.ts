// Errors that cross folders: ApiError (an answer to an API caller) and FieldError (one finding of validation).
export * from "./api-error.ts";
