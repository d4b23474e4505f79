export const live = { status: 'live' }
